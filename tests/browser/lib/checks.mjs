// The checks that several scenarios share.
import { clickedAt, goneAt } from './inpage.mjs';
import { cpuTicks, idlePercent } from './machine.mjs';
import { pause, until } from './wait.mjs';

const RATE_MIN = 20;
const WINDOW_MS = 5_000;
const STEADY_DEADLINE_MS = 20_000;
/// Energy of a microphone that is off: digital silence, and rounding.
const SILENCE = 1e-6;

/// Everyone decodes everything expected at 20 frames a second and more, on average over 5 s.
/// `expected` is a list of { viewer, from, source }.
export async function checkTiles(t, participants, expected) {
  for (const { viewer, from, source } of expected) await viewer.sees(from, source);
  await steady(expected);
  const before = await reading(t, participants);
  await pause(WINDOW_MS);
  const after = await reading(t, participants);
  const idle = idlePercent(before.cpu, after.cpu);
  const drops = newDrops(before.dropped, after.dropped);
  for (const { viewer, from, source } of expected) {
    await checkTile(t, { viewer, from, source, before, after, idle, drops });
  }
  t.report.note(`meanwhile the machine idled ${idle.toFixed(1)} %, the core dropped ${JSON.stringify(drops)}`);
}

async function checkTile(t, { viewer, from, source, before, after, idle, drops }) {
  const name = `${viewer.name} sees the ${source} of ${from.name}`;
  const [first, last] = await Promise.all(
    [before, after].map((reading) => viewer.slotOf(from, source, reading.of.get(viewer))),
  );
  if (!first || !last || first.mid !== last.mid) {
    t.report.check(name, false, { why: 'its slot went away or moved while it was measured' });
    return;
  }
  const seconds = (after.of.get(viewer).at - before.of.get(viewer).at) / 1000;
  const rate = (last.framesDecoded - first.framesDecoded) / seconds;
  const received = (last.framesReceived - first.framesReceived) / seconds;
  const sent = sentRate(before.of.get(from), after.of.get(from), source);
  const figures = { decoded: rate, received, sent, width: last.frameWidth };
  const excused = idle < 5 && received >= 0.95 * sent && Object.keys(drops).length === 0;
  if (rate < RATE_MIN && excused) {
    t.report.note(`${name}: under ${RATE_MIN}/s, but the machine idled only ${idle.toFixed(1)} %, \
the frames came and the core dropped none`);
  }
  t.report.check(`${name}, ≥ ${RATE_MIN} frames/s`, rate >= RATE_MIN || excused, figures);
  t.report.check(`${viewer.name} can tell that it is ${from.name} (CSRC)`, last.csrc === from.id, {
    csrc: last.csrc,
    expected: from.id,
  });
}

/// Frames a second of the layer that sends most of them.
function sentRate(before, after, source) {
  const seconds = (after.at - before.at) / 1000;
  const layers = after.outbound.filter((one) => one.source === source);
  const rates = layers.map((layer) => {
    const was = before.outbound.find((one) => one.mid === layer.mid && one.rid === layer.rid);
    return (layer.framesSent - (was?.framesSent ?? 0)) / seconds;
  });
  return Math.max(0, ...rates);
}

async function reading(t, participants) {
  const of = new Map();
  const [dropped] = await Promise.all([
    t.server.dropped(),
    ...participants.map(async (one) => of.set(one, await one.snapshot())),
  ]);
  return { of, dropped, cpu: cpuTicks() };
}

/// What carries nothing to forward: Chromium probes the way with padding, and with repairs of what
/// has arrived already.
const NOT_MEDIA = ['rtp_probe', 'rtp_duplicate'];

function newDrops(before, after) {
  const grown = Object.entries(after).map(([why, count]) => [why, count - (before[why] ?? 0)]);
  return Object.fromEntries(grown.filter(([why, count]) => count > 0 && !NOT_MEDIA.includes(why)));
}

/// Encoders start low and climb: wait for the rate, but let the measurement judge.
async function steady(expected) {
  const last = new Map();
  const fastEnough = async () => {
    const rates = await Promise.all(
      expected.map(async (one) => {
        const at = performance.now();
        const frames = (await one.viewer.slotOf(one.from, one.source))?.framesDecoded ?? 0;
        const was = last.get(one) ?? { at, frames };
        last.set(one, { at, frames });
        return (1000 * (frames - was.frames)) / Math.max(1, at - was.at);
      }),
    );
    return rates.every((rate) => rate >= RATE_MIN);
  };
  await until('a steady rate', fastEnough, STEADY_DEADLINE_MS, 1_000).catch(() => undefined);
}

/// Sound arrives, and the audio slots say whose it is.
export async function checkAudio(t, viewer, others) {
  const start = await viewer.audioEnergy();
  let rise = 0;
  const louder = async () => {
    rise = (await viewer.audioEnergy()) - start;
    return rise > 1e-4;
  };
  const heard = await until('sound', louder, 10_000).catch(() => false);
  t.report.check(`${viewer.name} hears sound`, heard, { energy: rise });

  let named = [];
  const right = async () => {
    const { inbound } = await viewer.snapshot();
    const active = inbound.filter((one) => one.kind === 'audio' && one.csrc !== null);
    named = [...new Set(active.map((one) => one.csrc))].sort((a, b) => a - b);
    return named.length > 0 && named.every((id) => others.some((other) => other.id === id));
  };
  const found = await until('a speaker', right, 5_000).catch(() => false);
  t.report.check(`${viewer.name} can tell who speaks (CSRC)`, found, {
    csrc: named,
    expected: others.map((other) => other.id),
  });
}

/// Mute silences for the only other one, and unmute brings the sound back.
export async function checkMute(t, speaker, listener) {
  await speaker.click('mute-button');
  await listener.page.waitForSelector(`[data-testid="tile-${speaker.id}"][data-muted="true"]`, {
    timeout: 5_000,
  });
  // Two beeps of the fake microphone would fit into the window.
  let rise = Number.NaN;
  const silent = async () => {
    const start = await listener.audioEnergy();
    await pause(2_000);
    rise = (await listener.audioEnergy()) - start;
    return rise < SILENCE;
  };
  const quiet = await until('silence', silent, 6_000).catch(() => false);
  t.report.check(`mute of ${speaker.name} silences`, quiet, { energy: rise });

  const start = await listener.audioEnergy();
  await speaker.click('mute-button');
  const again = async () => (await listener.audioEnergy()) - start > 1e-4;
  const heard = await until('sound again', again, 8_000).catch(() => false);
  t.report.check(`unmute of ${speaker.name} brings the sound back`, heard);
}

/// The tile of who leaves is gone within 2 s for everyone. Both ends are timed in the pages: on a
/// busy machine the way to and from this process would be in the figure.
export async function checkLeave(t, leaver, others) {
  const gone = others.map((other) => other.page.evaluate(goneAt, leaver.id));
  const clicked = leaver.page.evaluate(clickedAt, 'leave-button');
  await leaver.click('leave-button');
  const start = await clicked;
  const times = (await Promise.all(gone)).map((at) => at - start);
  t.report.check(`leaving clears the tile of ${leaver.name} ≤ 2 s`, Math.max(...times) <= 2_000, {
    ms: times,
  });
}

export async function checkCipher(t, participant) {
  const { transport } = await participant.snapshot();
  t.report.check(
    `${participant.name} talks AEAD_AES_128_GCM`,
    isAeadAes128Gcm(transport.srtpCipher),
    { srtpCipher: transport.srtpCipher, tlsVersion: transport.tlsVersion },
  );
}

/// Chromium says SRTP_AEAD_AES_128_GCM, the standard (RFC 7714 §14.2) says it with and without.
export function isAeadAes128Gcm(srtpCipher) {
  return /^(SRTP_)?AEAD_AES_128_GCM$/.test(srtpCipher);
}

/// Every ordered pair, as tiles that are expected.
export function everyone(participants, source = 'camera') {
  return participants.flatMap((viewer) =>
    participants.filter((from) => from !== viewer).map((from) => ({ viewer, from, source })),
  );
}
