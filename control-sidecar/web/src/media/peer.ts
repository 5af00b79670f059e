// A connection that has not been offered to anybody yet. Making one takes the browser a good part
// of a second in all (certificate, codecs, fifteen lines), none of which needs the service: the join
// screen makes it ready while the user looks at themselves.
import { markSlides } from './sdp';
import { addLines, type Lines, slideMids } from './transceivers';

export class Peer {
  readonly pc: RTCPeerConnection;
  readonly lines: Lines;
  private offered: Promise<string> | null = null;

  constructor(iceServers: readonly RTCIceServer[] = []) {
    this.pc = new RTCPeerConnection({
      bundlePolicy: 'max-bundle',
      rtcpMuxPolicy: 'require',
      iceServers: [...iceServers],
    });
    this.lines = addLines(this.pc);
  }

  /** Lets the browser do now what its first offer would wait for. It still gathers no candidates. */
  warm(): void {
    // What keeps it from making an offer is told when the offer is needed.
    this.pc.createOffer().catch(() => undefined);
  }

  /** The text that travels; the browser's own description is set as it is. */
  offer(): Promise<string> {
    this.offered ??= this.makeOffer();
    return this.offered;
  }

  close(): void {
    this.pc.close();
  }

  private async makeOffer(): Promise<string> {
    await this.pc.setLocalDescription(await this.pc.createOffer());
    const sdp = this.pc.localDescription?.sdp;
    if (!sdp) throw new Error('the browser made no offer');
    return markSlides(sdp, slideMids(this.lines));
  }
}
