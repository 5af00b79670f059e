// Why a camera or a microphone cannot be had, in words that say what to do about it.

export interface DeviceProblem {
  readonly title: string;
  readonly text: string;
}

export type DeviceKind = 'microphone' | 'camera' | 'screen';

export const INSECURE_CONTEXT: DeviceProblem = {
  title: 'Camera and microphone need HTTPS',
  text:
    'Open this meeting at the server’s https:// address; its operator sees it when the server starts. ' +
    'Without it you can still join to watch and listen.',
};

/** The `name`s come from the Media Capture specification (getUserMedia, getDisplayMedia). */
export function deviceProblem(error: unknown, kind: DeviceKind): DeviceProblem {
  const name = error instanceof Error ? error.name : '';
  const the = kind === 'screen' ? 'screen' : kind;
  switch (name) {
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return { title: `No ${the} found`, text: `Connect a ${the}, or join without one.` };
    case 'NotAllowedError':
    case 'PermissionDeniedError':
    case 'SecurityError':
      return {
        title: `The ${the} is blocked`,
        text: `Allow the ${the} for this page with the icon in the address bar, then try again.`,
      };
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return {
        title: `The ${the} is in use`,
        text: `Another program may be holding the ${the}. Close it, then try again.`,
      };
    case 'OverconstrainedError':
      return {
        title: `That ${the} is gone`,
        text: `The ${the} chosen last time is not connected. Choose another.`,
      };
    default:
      return {
        title: `The ${the} did not start`,
        text: error instanceof Error && error.message ? error.message : 'Try again.',
      };
  }
}
