// Functions that run in the page. They see its `window.millrace` and nothing of this process.

/// What getStats() says now, with the slot map and the contributing sources of the same moment.
export async function snapshot() {
  const { pc, sessionId } = window.millrace;
  const slots = window.millrace.slots();
  const stats = [...(await pc.getStats()).values()];
  const pick = (report, keys) => Object.fromEntries(keys.map((key) => [key, report[key] ?? 0]));
  const transport = stats.find((report) => report.type === 'transport') ?? {};
  const pair = stats.find((report) => report.id === transport.selectedCandidatePairId) ?? {};
  const byId = (id) => stats.find((report) => report.id === id) ?? {};
  const receivers = new Map(pc.getTransceivers().map((line) => [line.mid, line.receiver]));
  const newest = (mid) =>
    receivers.get(mid)?.getContributingSources().sort((a, b) => b.timestamp - a.timestamp)[0]?.source;
  const [, camera, screen] = pc.getTransceivers().map((line) => line.mid);
  return {
    at: performance.now(),
    sessionId,
    inbound: stats
      .filter((report) => report.type === 'inbound-rtp')
      .map((report) => ({
        mid: report.mid,
        kind: report.kind,
        csrc: newest(report.mid) ?? null,
        ...pick(report, ['framesDecoded', 'framesReceived', 'framesDropped', 'freezeCount']),
        ...pick(report, ['packetsReceived', 'packetsLost', 'totalAudioEnergy', 'frameWidth']),
      })),
    outbound: stats
      .filter((report) => report.type === 'outbound-rtp')
      .map((report) => ({
        mid: report.mid,
        rid: report.rid ?? '',
        source: { [camera]: 'camera', [screen]: 'screen' }[report.mid] ?? 'audio',
        ...pick(report, ['framesSent', 'bytesSent', 'frameWidth']),
      })),
    slots,
    transport: {
      ...pick(transport, ['dtlsState', 'tlsVersion', 'srtpCipher', 'selectedCandidatePairChanges']),
      localCertificateId: transport.localCertificateId ?? null,
      remoteCertificateId: transport.remoteCertificateId ?? null,
      local: pick(byId(pair.localCandidateId), ['address', 'port', 'usernameFragment']),
      remote: pick(byId(pair.remoteCandidateId), ['address', 'port', 'usernameFragment']),
    },
  };
}

/// Makes getUserMedia() give a black picture that flashes white and a microphone that beeps, both
/// at the start of each second of the audio clock.
export function flashAndBeep() {
  const FLASH_SECONDS = 0.1;
  const context = new AudioContext();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [640, 360];
  const paint = canvas.getContext('2d');
  const isOn = () => context.currentTime % 1 < FLASH_SECONDS;
  const draw = () => {
    paint.fillStyle = isOn() ? '#fff' : '#000';
    paint.fillRect(0, 0, canvas.width, canvas.height);
    // A changing corner: without it a still picture is sent only now and then.
    paint.fillStyle = performance.now() % 66 < 33 ? '#222' : '#444';
    paint.fillRect(0, 0, 8, 8);
  };
  setInterval(draw, 1000 / 30);

  const tone = new OscillatorNode(context, { frequency: 1000 });
  const gate = new GainNode(context, { gain: 0 });
  const output = context.createMediaStreamDestination();
  tone.connect(gate).connect(output);
  tone.start();
  for (let second = 1; second < 300; second += 1) {
    gate.gain.setValueAtTime(0.5, second);
    gate.gain.setValueAtTime(0, second + FLASH_SECONDS);
  }
  const [picture] = canvas.captureStream(30).getVideoTracks();
  const [sound] = output.stream.getAudioTracks();
  window.flashing = new MediaStream([picture, sound]);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    await context.resume();
    const tracks = [wanted.video && picture, wanted.audio && sound].filter(Boolean);
    return new MediaStream(tracks.map((track) => track.clone()));
  };
}

/// Notes when a picture turns white and when a beep begins, on one clock (performance.now), into
/// window.flashes and window.beeps. Looks at the tile of a participant and listens to the audio
/// slots; without a participant, at what flashAndBeep() makes itself, before it is sent.
export async function watchFlashesAndBeeps(participantId) {
  window.flashes = [];
  window.beeps = [];
  let video = document.querySelector(`[data-testid="tile-${participantId}"] video`);
  let sound = [];
  if (participantId) {
    const isAudio = new Set(window.millrace.slots().filter((one) => one.kind === 'audio').map((one) => one.mid));
    const lines = window.millrace.pc.getTransceivers().filter((one) => isAudio.has(one.mid));
    sound = lines.map((line) => line.receiver.track);
  } else {
    video = Object.assign(document.createElement('video'), { muted: true, srcObject: window.flashing });
    document.body.append(video);
    await video.play();
    sound = window.flashing.getAudioTracks();
  }
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [16, 9];
  const paint = canvas.getContext('2d', { willReadFrequently: true });
  let wasWhite = false;
  const look = (_now, frame) => {
    paint.drawImage(video, 0, 0, canvas.width, canvas.height);
    const pixel = paint.getImageData(8, 4, 1, 1).data;
    const white = pixel[0] > 128;
    if (white && !wasWhite) window.flashes.push(frame.expectedDisplayTime);
    wasWhite = white;
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);

  const context = new AudioContext({ latencyHint: 'interactive' });
  await context.resume();
  const code = `registerProcessor('beeps', class extends AudioWorkletProcessor {
    quietSince = 0;
    process([input]) {
      const peak = Math.max(0, ...(input[0] ?? []).map(Math.abs));
      if (peak > 0.05) {
        // 0.3 s of silence before it: the start of a beep, not its middle.
        if (currentTime - this.quietSince > 0.3) this.port.postMessage(currentTime);
        this.quietSince = currentTime;
      }
      return true;
    }
  })`;
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  await context.audioWorklet.addModule(url);
  const meter = new AudioWorkletNode(context, 'beeps', { numberOfOutputs: 1 });
  for (const track of sound) {
    context.createMediaStreamSource(new MediaStream([track])).connect(meter);
  }
  meter.connect(new GainNode(context, { gain: 0 })).connect(context.destination);
  meter.port.onmessage = ({ data: heardAt }) => {
    // The worklet's clock, as the speaker plays it, on the page's clock.
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    window.beeps.push(performanceTime + (heardAt - contextTime) * 1000);
  };
}

/// A sendonly or recvonly connection without our page: a plain WHIP publisher or WHEP viewer.
/// `codec`, such as 'video/H264', leaves the publisher no other.
export async function plainConnection({ mediaUrl, token, publish, codec }) {
  const pc = new RTCPeerConnection();
  window.plain = pc;
  if (publish) {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
    for (const track of stream.getTracks()) {
      const line = pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
      if (track.kind !== 'video' || !codec) continue;
      const all = RTCRtpSender.getCapabilities('video').codecs;
      line.setCodecPreferences(all.filter(({ mimeType }) => [codec, 'video/rtx'].includes(mimeType)));
    }
  } else {
    pc.addTransceiver('audio', { direction: 'recvonly' });
    pc.addTransceiver('video', { direction: 'recvonly' });
    pc.ontrack = ({ track }) => {
      const element = document.createElement(track.kind);
      element.autoplay = true;
      element.muted = track.kind === 'video';
      element.srcObject = new MediaStream([track]);
      document.body.append(element);
    };
  }
  await pc.setLocalDescription();
  const answer = await fetch(mediaUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
    body: pc.localDescription.sdp,
  });
  const text = await answer.text();
  if (answer.status !== 201) throw new Error(`${answer.status} ${text}`);
  await pc.setRemoteDescription({ type: 'answer', sdp: text });
  return { location: answer.headers.get('location'), etag: answer.headers.get('etag') };
}

export async function plainStats() {
  const stats = [...(await window.plain.getStats()).values()];
  const sum = (type, key) =>
    stats.filter((one) => one.type === type).reduce((total, one) => total + (one[key] ?? 0), 0);
  return {
    state: window.plain.connectionState,
    framesSent: sum('outbound-rtp', 'framesSent'),
    framesDecoded: sum('inbound-rtp', 'framesDecoded'),
    totalAudioEnergy: sum('inbound-rtp', 'totalAudioEnergy'),
    codecs: stats.filter((one) => one.type === 'codec').map((one) => one.mimeType),
    srtpCipher: stats.find((one) => one.type === 'transport')?.srtpCipher,
  };
}

/// When the button is clicked, on the clock that all pages of a machine share.
export function clickedAt(testId) {
  const button = document.querySelector(`[data-testid="${testId}"]`);
  return new Promise((resolve) => {
    button.addEventListener('click', () => resolve(Date.now()), { once: true, capture: true });
  });
}

/// When the tile of a participant is gone, on the same clock.
export function goneAt(participantId) {
  const isThere = () => document.querySelector(`[data-testid="tile-${participantId}"]`);
  return new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (isThere()) return;
      observer.disconnect();
      resolve(Date.now());
    });
    observer.observe(document.body, { childList: true, subtree: true });
  });
}
