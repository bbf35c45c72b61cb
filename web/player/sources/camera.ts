/** The visitor's camera. The page asks for it only when the visitor presses a button. */
import { makeMutedVideo, playVideo, requestVideoFrame, type Source, SourceError } from './source.ts';

export interface CameraDevice {
  id: string;
  label: string;
}

const REFUSED =
  "The camera was refused. Allow it for this page beside the browser's address bar, then press “Use my camera” again; a picture, a video or the built-in scene work without it.";

function cameraErrorMessage(error: unknown): string {
  const name = error instanceof DOMException || error instanceof Error ? error.name : '';
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return REFUSED;
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return 'No camera was found. Plug one in and try again, or open a picture or a video under “Subject”.';
    case 'OverconstrainedError':
      return 'That camera is no longer there. Choose another one under “Subject”.';
    case 'NotReadableError':
    case 'AbortError':
      return 'The camera does not answer; another program may be using it. Close that program and try again.';
    default:
      return `The camera could not be opened (${name || 'unknown reason'}). A picture or a video under “Subject” works as well.`;
  }
}

/** Opens the camera with this id; without an id, the one that faces the visitor. */
export async function openCamera(deviceId: string | null, onEnded: () => void): Promise<Source> {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new SourceError(
      'Browsers give the camera only to pages that come over https or from this machine (localhost). A picture or a video under “Subject” works as well.',
    );
  }
  const constraints = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: 'user' };
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...constraints, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 60 } },
    });
  } catch (error) {
    throw new SourceError(cameraErrorMessage(error));
  }
  try {
    return await sourceFromStream(stream, onEnded);
  } catch {
    for (const track of stream.getTracks()) track.stop();
    throw new SourceError(
      'The camera opened but sends no pictures. Unplug it and plug it in again, or choose another one.',
    );
  }
}

async function sourceFromStream(stream: MediaStream, onEnded: () => void): Promise<Source> {
  const video = makeMutedVideo();
  video.srcObject = stream;
  await video.play();
  const track = stream.getVideoTracks()[0];
  track?.addEventListener('ended', onEnded);
  return {
    kind: 'camera',
    frame: video,
    isMirrored: track?.getSettings().facingMode !== 'environment',
    isStill: false,
    play: () => playVideo(video),
    pause: () => video.pause(),
    step: async () => {
      await playVideo(video);
      await new Promise<void>(resolve => requestVideoFrame(video, resolve));
      video.pause();
    },
    requestFrame: callback => requestVideoFrame(video, callback),
    stop: () => {
      track?.removeEventListener('ended', onEnded);
      for (const one of stream.getTracks()) one.stop();
      video.srcObject = null;
    },
  };
}

/** The cameras that the browser lists: none until the visitor gives permission. */
export async function listCameras(): Promise<CameraDevice[]> {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) ?? [];
  return devices
    .filter(device => device.kind === 'videoinput' && device.deviceId !== '')
    .map((device, index) => ({
      id: device.deviceId,
      label: device.label || `Camera ${index + 1}`,
    }));
}

/** Whether the camera may be opened without a prompt; false if the browser does not say. */
export async function isCameraGranted(): Promise<boolean> {
  const status = await navigator.permissions?.query({ name: 'camera' }).catch(() => null);
  return status?.state === 'granted';
}
