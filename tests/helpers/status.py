"""A status as training reports it in the middle of a run."""

from limner.training.reporter import Status

STATUS = Status(
    step=400,
    epoch=2,
    epoch_step=4,
    steps_per_epoch=18,
    epochs=200,
    losses={"d_real": 0.6, "d_fake": 0.7, "g_adversarial": 0.9, "g_l1": 0.321},
    pictures_per_second=12.34,
    seconds=59,
    seconds_left=7500,
    data_fraction=0.02,
)
