// Without our page: a plain WHIP publisher (RFC 9725) and a plain WHEP viewer through the same
// endpoint, and a participant with our page who sees the publisher.
import { isAeadAes128Gcm } from '../lib/checks.mjs';
import { request } from '../lib/http.mjs';
import { plainConnection, plainStats } from '../lib/inpage.mjs';
import { until } from '../lib/wait.mjs';

export async function run(t) {
  const browser = await t.browser();
  for (const codec of ['video/VP8', 'video/H264']) await call(t, browser, codec);
}

async function call(t, browser, codec) {
  await t.meet(`WHIP and WHEP, ${codec}`);
  const publisher = await plain(t, browser, 'Publisher', 'participant', { publish: true, codec });
  const viewer = await plain(t, browser, 'Viewer', 'viewer', { publish: false });

  let got = {};
  const decoding = async () => {
    got = await viewer.page.evaluate(plainStats);
    return got.framesDecoded >= 30 && got.totalAudioEnergy > 0;
  };
  const seen = await until('the viewer decodes', decoding, 20_000).catch(() => false);
  t.report.check('a WHEP viewer sees and hears a WHIP publisher', seen, got);
  t.report.check(`in ${codec}`, got.codecs?.includes(codec), { codecs: got.codecs });
  t.report.check('over AEAD_AES_128_GCM', isAeadAes128Gcm(got.srtpCipher));

  const ada = await t.join(browser, 'Ada');
  const sees = await ada.sees(publisher).catch(() => false);
  t.report.check('a participant with our page sees the publisher', sees);

  const gone = ada.tile(publisher).waitFor({ state: 'detached', timeout: 20_000 }).then(() => true, () => false);
  const ended = await request(t.server.origin, publisher.location, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${publisher.token}` },
  });
  t.report.check('DELETE ends the session', ended.status === 200, { status: ended.status });
  t.report.check('and the publisher is gone for the others', await gone);
}

async function plain(t, browser, name, role, wishes) {
  const joined = await t.server.join(t.meetingId, name, role);
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    permissions: ['camera', 'microphone'],
  });
  const page = await context.newPage();
  // Any page of the origin will do: it is the secure context that the camera needs.
  await page.goto(`${t.server.origin}/v1/health`);
  const { media_url: mediaUrl, token } = joined;
  const { location } = await page.evaluate(plainConnection, { mediaUrl, token, ...wishes });
  t.report.check(`${name} is answered with a Location`, Boolean(location), { location });
  return { name, id: joined.participant.participant_id, page, token, location };
}
