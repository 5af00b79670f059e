// What people paste when asked for a meeting code: the code, the code with stray spaces or capital
// letters, or the whole link.

export function meetingCode(typed: string): string | null {
  const link = /\/m\/([^/?#\s]+)/.exec(typed);
  const code = (link?.[1] ?? typed).trim().toLowerCase().replace(/\s+/g, '');
  return /^[a-z0-9-]{3,64}$/.test(code) ? code : null;
}
