// Short notices that go away by themselves; problems stay twice as long.

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'problem';
}

const SHOWN_MS = 4_500;
const SHOWN_MAX = 4;

export class Toasts {
  private shown: readonly Toast[] = [];
  private nextId = 1;

  constructor(private readonly onChange: (toasts: readonly Toast[]) => void) {}

  show(text: string, tone: Toast['tone'] = 'info'): void {
    const toast = { id: this.nextId++, text, tone };
    this.publish([...this.shown, toast].slice(-SHOWN_MAX));
    setTimeout(() => this.dismiss(toast.id), tone === 'problem' ? SHOWN_MS * 2 : SHOWN_MS);
  }

  dismiss(id: number): void {
    this.publish(this.shown.filter((toast) => toast.id !== id));
  }

  private publish(toasts: readonly Toast[]): void {
    this.shown = toasts;
    this.onChange(toasts);
  }
}
