"""Git LFS's pointers: small text files that a clone without Git LFS has in place of large files."""

SIGNATURE = b"version https://git-lfs.github.com/spec/"
"""How a pointer begins."""

POINTER = "Git LFS's pointer to the file"
"""What it is; continues a sentence such as `photo.jpg is`."""

REMEDY = "run `git lfs pull`"
