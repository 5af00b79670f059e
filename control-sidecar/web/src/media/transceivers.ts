// The one offer: what this page may ever send, and the slots it receives in. The order is part of
// the contract with the service, and nothing is renegotiated later: replaceTrack fills the lines.
import type { SlotKind, Source } from '../api/types';
import { layersFor, RIDS } from './layers';

const AUDIO_SLOTS = 3;
const VIDEO_SLOTS = 8;

/**
 * The same for every slot: slots are not synchronised by the browser (each is its own stream), so
 * equal buffers are what keeps lips and voice together. 80 ms rides out ordinary Wi-Fi jitter and
 * leaves most of the 300 ms latency budget to the network.
 */
export const JITTER_BUFFER_MS = 80;

const CAMERA_ENCODINGS: RTCRtpEncodingParameters[] = layersFor().map((layer, i) => ({
  rid: RIDS[i] ?? '',
  ...layer,
}));

const SCREEN_ENCODING: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000, maxFramerate: 30 }];

export interface ReceivingLine {
  readonly kind: SlotKind;
  readonly transceiver: RTCRtpTransceiver;
  readonly stream: MediaStream;
}

export interface Lines {
  readonly send: Readonly<Record<Source, RTCRtpTransceiver>>;
  readonly receive: readonly ReceivingLine[];
}

export function addLines(pc: RTCPeerConnection): Lines {
  const send = {
    audio: pc.addTransceiver('audio', { direction: 'sendonly' }),
    camera: pc.addTransceiver('video', { direction: 'sendonly', sendEncodings: CAMERA_ENCODINGS }),
    screen: pc.addTransceiver('video', { direction: 'sendonly', sendEncodings: SCREEN_ENCODING }),
  };
  const receive = [
    ...Array.from({ length: AUDIO_SLOTS }, () => receivingLine(pc, 'audio')),
    ...Array.from({ length: VIDEO_SLOTS }, () => receivingLine(pc, 'video')),
    receivingLine(pc, 'screen'),
  ];
  return { send, receive };
}

function receivingLine(pc: RTCPeerConnection, kind: SlotKind): ReceivingLine {
  const mediaKind = kind === 'audio' ? 'audio' : 'video';
  const transceiver = pc.addTransceiver(mediaKind, { direction: 'recvonly' });
  const { receiver } = transceiver;
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = JITTER_BUFFER_MS;
  return { kind, transceiver, stream: new MediaStream([receiver.track]) };
}

/** The mids of the two lines that carry slides; known once the offer is set. */
export function slideMids(lines: Lines): Set<string> {
  const mids = [
    lines.send.screen.mid,
    ...lines.receive.filter((line) => line.kind === 'screen').map((line) => line.transceiver.mid),
  ];
  return new Set(mids.filter((mid): mid is string => mid !== null));
}
