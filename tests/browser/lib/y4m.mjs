// A small moving picture as a file, so that many browsers fit one machine. Raw planes with a line
// of text before each frame: https://wiki.multimedia.cx/index.php/YUV4MPEG2
import { writeFileSync } from 'node:fs';

const WIDTH = 320;
const HEIGHT = 180;
const RATE = 30;
const FRAMES = 2 * RATE;

export function writeCamera(path) {
  const parts = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${RATE}:1 Ip A1:1 C420jpeg\n`)];
  for (let frame = 0; frame < FRAMES; frame += 1) {
    parts.push(Buffer.from('FRAME\n'), luma(frame), chroma(frame, 1), chroma(frame, -1));
  }
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

/// A slope with a bright bar that walks through it once a loop.
function luma(frame) {
  const plane = Buffer.alloc(WIDTH * HEIGHT);
  const bar = Math.floor((frame / FRAMES) * WIDTH);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const inBar = (x - bar + WIDTH) % WIDTH < 24;
      plane[y * WIDTH + x] = inBar ? 220 : 40 + ((x + y) % 128);
    }
  }
  return plane;
}

function chroma(frame, sign) {
  const shade = 128 + sign * Math.round(48 * Math.sin((2 * Math.PI * frame) / FRAMES));
  return Buffer.alloc((WIDTH / 2) * (HEIGHT / 2), shade);
}
