import { avatarColour, initials } from './layout';

export function Avatar({ id, name }: { id: number; name: string }) {
  return (
    <span className={`avatar avatar-${avatarColour(id)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
