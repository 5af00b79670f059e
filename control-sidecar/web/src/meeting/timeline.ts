// When the steps of joining happened (performance.now()), each once: the tests read join time and
// time to first frame from here.

export interface Timeline {
  joinClick?: number;
  offerPosted?: number;
  answered?: number;
  connected?: number;
  firstRemoteFrame?: number;
}

export const timeline: Timeline = {};

export function mark(step: keyof Timeline): void {
  timeline[step] ??= performance.now();
}

export function restartTimeline(): void {
  for (const step of Object.keys(timeline) as (keyof Timeline)[]) delete timeline[step];
  mark('joinClick');
}
