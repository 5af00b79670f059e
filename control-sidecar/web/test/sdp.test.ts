import { describe, expect, test } from 'vitest';
import { iceOf, markSlides, restartFragment, swapIce } from '../src/media/sdp';

const sdp = (...lines: string[]) => `${lines.join('\r\n')}\r\n`;

const OFFER = sdp(
  'v=0',
  'o=- 46117 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1 2',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=ice-ufrag:EsAw',
  'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
  'a=mid:0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=ice-ufrag:EsAw',
  'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
  'a=mid:1',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=mid:2',
);

const ANSWER = sdp(
  'v=0',
  'o=- 900 7 IN IP4 192.0.2.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE 0 1',
  'a=ice-lite',
  'm=audio 7000 UDP/TLS/RTP/SAVPF 111',
  'a=mid:0',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldoldoldoldoldoldoldold',
  'a=candidate:1 1 udp 2130706431 192.0.2.1 7000 typ host',
  'a=candidate:2 1 udp 2130706430 2001:db8::1 7000 typ host',
  'a=end-of-candidates',
  'm=video 7000 UDP/TLS/RTP/SAVPF 96',
  'a=mid:1',
  'a=ice-ufrag:old',
  'a=ice-pwd:oldoldoldoldoldoldoldold',
);

describe('markSlides', () => {
  test('marks the sections named and no other', () => {
    const marked = markSlides(OFFER, new Set(['2'])).split('\r\n');
    expect(marked.filter((line) => line === 'a=content:slides')).toHaveLength(1);
    expect(marked[marked.indexOf('a=mid:2') + 1]).toBe('a=content:slides');
  });

  test('does not take mid 1 for mid 10', () => {
    const ten = OFFER.replace('a=mid:2', 'a=mid:10');
    const marked = markSlides(ten, new Set(['1'])).split('\r\n');
    expect(marked[marked.indexOf('a=mid:10') + 1]).not.toBe('a=content:slides');
  });

  test('leaves every other line as it is', () => {
    const unmarked = markSlides(OFFER, new Set(['1', '2'])).replaceAll('a=content:slides\r\n', '');
    expect(unmarked).toBe(OFFER);
  });
});

describe('ICE restart', () => {
  test('the fragment carries our credentials under the first section (RFC 9725 §4.3.3)', () => {
    expect(restartFragment(OFFER)).toBe(
      sdp(
        'a=group:BUNDLE 0 1 2',
        'm=audio 9 UDP/TLS/RTP/SAVPF 111',
        'a=mid:0',
        'a=ice-ufrag:EsAw',
        'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
      ),
    );
  });

  test('a description without credentials is refused', () => {
    expect(() => restartFragment('v=0\r\n')).toThrow();
  });

  test('reads credentials and candidates of a fragment, with bare line feeds too', () => {
    const ice = iceOf('a=ice-ufrag:new\na=ice-pwd:pw\na=candidate:1 1 udp 1 192.0.2.2 7001 typ host\n');
    expect(ice).toEqual({
      ufrag: 'new',
      pwd: 'pw',
      candidates: ['a=candidate:1 1 udp 1 192.0.2.2 7001 typ host'],
    });
    expect(iceOf('a=ice-ufrag:only')).toBeNull();
  });

  test('the new answer differs in credentials, candidates and version, in nothing else', () => {
    const candidates = ['a=candidate:9 1 udp 5 192.0.2.9 7009 typ host'];
    const swapped = swapIce(ANSWER, { ufrag: 'new', pwd: 'newpwd', candidates });
    expect(swapped).toBe(
      ANSWER.replaceAll('a=ice-ufrag:old', 'a=ice-ufrag:new')
        .replaceAll('a=ice-pwd:oldoldoldoldoldoldoldold', 'a=ice-pwd:newpwd')
        .replace('o=- 900 7 ', 'o=- 900 8 ')
        .replace(/a=candidate:1.*\r\na=candidate:2.*\r\n/, `${candidates[0]}\r\n`),
    );
  });

  test('a reply without candidates keeps the old ones', () => {
    const swapped = swapIce(ANSWER, { ufrag: 'n', pwd: 'p', candidates: [] });
    expect(swapped.match(/a=candidate/g)).toHaveLength(2);
  });
});
