// A readable summary of getStats(), for the tests and for whoever looks into a bad call.
import type { SlotView } from './slots';

export interface SlotStats {
  readonly mid: string;
  readonly kind: string;
  readonly participantId: number | null;
  readonly framesDecoded: number;
  readonly framesPerSecond: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly freezeCount: number;
  readonly audioLevel: number;
  readonly totalAudioEnergy: number;
  readonly packetsLost: number;
  readonly bytesReceived: number;
  readonly jitterBufferMs: number;
}

export interface OutboundStats {
  readonly mid: string;
  readonly rid: string;
  readonly bitrate: number;
  readonly bytesSent: number;
  readonly framesPerSecond: number;
  readonly frameWidth: number;
}

export interface StatsSummary {
  readonly slots: readonly SlotStats[];
  readonly outbound: readonly OutboundStats[];
  readonly outboundBitrate: number;
  readonly srtpCipher: string | null;
  readonly dtlsState: string | null;
  readonly tlsVersion: string | null;
  readonly candidatePair: { local: string; remote: string; protocol: string; rttMs: number } | null;
}

type Report = Record<string, unknown> & { id: string; type: string; timestamp: number };

export class StatsReader {
  private readonly sentBefore = new Map<string, { bytes: number; at: number }>();

  async read(pc: RTCPeerConnection, slots: readonly SlotView[]): Promise<StatsSummary> {
    const byId = new Map<string, Report>();
    (await pc.getStats()).forEach((report: Report) => byId.set(report.id, report));
    const all = [...byId.values()];
    const inbound = all.filter((r) => r.type === 'inbound-rtp');
    const transport = all.find((r) => r.type === 'transport');
    const outbound = all.filter((r) => r.type === 'outbound-rtp').map((r) => this.outbound(r));
    return {
      slots: slots.map((slot) => slotStats(slot, inbound.find((r) => r['mid'] === slot.mid))),
      outbound,
      outboundBitrate: outbound.reduce((sum, stream) => sum + stream.bitrate, 0),
      srtpCipher: string(transport?.['srtpCipher']),
      dtlsState: string(transport?.['dtlsState']),
      tlsVersion: string(transport?.['tlsVersion']),
      candidatePair: selectedPair(byId, transport),
    };
  }

  private outbound(report: Report): OutboundStats {
    const bytes = number(report['bytesSent']);
    const before = this.sentBefore.get(report.id);
    this.sentBefore.set(report.id, { bytes, at: report.timestamp });
    const elapsedMs = before ? report.timestamp - before.at : 0;
    const bitrate = before && elapsedMs > 0 ? ((bytes - before.bytes) * 8_000) / elapsedMs : 0;
    return {
      mid: string(report['mid']) ?? '',
      rid: string(report['rid']) ?? '',
      bitrate: Math.round(bitrate),
      bytesSent: bytes,
      framesPerSecond: number(report['framesPerSecond']),
      frameWidth: number(report['frameWidth']),
    };
  }
}

function slotStats(slot: SlotView, report: Report | undefined): SlotStats {
  const value = (key: string) => number(report?.[key]);
  const emitted = value('jitterBufferEmittedCount');
  return {
    mid: slot.mid,
    kind: slot.kind,
    participantId: slot.participantId,
    framesDecoded: value('framesDecoded'),
    framesPerSecond: value('framesPerSecond'),
    frameWidth: value('frameWidth'),
    frameHeight: value('frameHeight'),
    freezeCount: value('freezeCount'),
    audioLevel: value('audioLevel'),
    totalAudioEnergy: value('totalAudioEnergy'),
    packetsLost: value('packetsLost'),
    bytesReceived: value('bytesReceived'),
    jitterBufferMs: emitted > 0 ? Math.round((value('jitterBufferDelay') / emitted) * 1_000) : 0,
  };
}

function selectedPair(byId: Map<string, Report>, transport: Report | undefined) {
  const pair = byId.get(string(transport?.['selectedCandidatePairId']) ?? '');
  if (!pair) return null;
  const local = byId.get(string(pair['localCandidateId']) ?? '');
  const remote = byId.get(string(pair['remoteCandidateId']) ?? '');
  return {
    local: addressOf(local),
    remote: addressOf(remote),
    protocol: string(local?.['protocol']) ?? '',
    rttMs: Math.round(number(pair['currentRoundTripTime']) * 1_000),
  };
}

function addressOf(candidate: Report | undefined): string {
  const address = string(candidate?.['address']) ?? '?';
  return `${address}:${number(candidate?.['port'])} (${string(candidate?.['candidateType']) ?? '?'})`;
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function string(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
