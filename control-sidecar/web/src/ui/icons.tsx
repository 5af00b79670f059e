// The icons, drawn on a 24 × 24 grid with one stroke width. Decorative: the button names itself.
import type { ReactNode } from 'react';

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export const MicIcon = () => (
  <Icon>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </Icon>
);

export const MicOffIcon = () => (
  <Icon>
    <path d="M15 10.5V6a3 3 0 0 0-5.7-1.3M9 9v2a3 3 0 0 0 4.6 2.5" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 10.6 5M18.5 11.5a6.5 6.5 0 0 1-.5 2.5M12 18v3M3.5 3.5l17 17" />
  </Icon>
);

export const CameraIcon = () => (
  <Icon>
    <rect x="3" y="6" width="12.5" height="12" rx="2.5" />
    <path d="m15.5 10.5 5-2.8v8.6l-5-2.8z" />
  </Icon>
);

export const CameraOffIcon = () => (
  <Icon>
    <path d="M10 6h3a2.5 2.5 0 0 1 2.5 2.5v2l5-2.8v8.6l-2-1.1M15.3 16.5A2.5 2.5 0 0 1 13 18H5.5A2.5 2.5 0 0 1 3 15.5v-7c0-1 .6-1.9 1.5-2.3M3.5 3.5l17 17" />
  </Icon>
);

export const ScreenIcon = () => (
  <Icon>
    <rect x="3" y="4.5" width="18" height="12.5" rx="2.5" />
    <path d="M12 14V8m-2.7 2.5L12 7.8l2.7 2.7M8.5 20.5h7" />
  </Icon>
);

export const ScreenStopIcon = () => (
  <Icon>
    <rect x="3" y="4.5" width="18" height="12.5" rx="2.5" />
    <path d="m9.8 8.5 4.4 4.5m0-4.5-4.4 4.5M8.5 20.5h7" />
  </Icon>
);

export const PeopleIcon = () => (
  <Icon>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M2.5 19.5c.6-3.3 3.2-5 6.5-5s5.9 1.7 6.5 5M15.5 4.9a3.5 3.5 0 0 1 0 6.2M18 14.9c1.9.7 3.1 2.3 3.5 4.6" />
  </Icon>
);

export const LinkIcon = () => (
  <Icon>
    <path d="M10 14a4 4 0 0 0 5.7 0l3.6-3.6a4 4 0 0 0-5.7-5.7L12.3 6M14 10a4 4 0 0 0-5.7 0l-3.6 3.6a4 4 0 0 0 5.7 5.7l1.3-1.3" />
  </Icon>
);

export const LeaveIcon = () => (
  <Icon>
    <path d="M3.2 14.8c-.9-1.2-1-2.7.1-3.8C5.6 8.9 8.7 7.8 12 7.8s6.4 1.1 8.7 3.2c1.1 1.1 1 2.6.1 3.8-.4.5-1 .6-1.6.4l-2.9-1.1c-.6-.2-.9-.7-.9-1.3v-1.5a11.2 11.2 0 0 0-6.8 0v1.5c0 .6-.3 1.1-.9 1.3l-2.9 1.1c-.6.2-1.2.1-1.6-.4z" />
  </Icon>
);

export const SettingsIcon = () => (
  <Icon>
    <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
    <circle cx="15" cy="7" r="2" />
    <circle cx="9" cy="17" r="2" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
);

export const CheckIcon = () => (
  <Icon>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);

export const RemoveIcon = () => (
  <Icon>
    <circle cx="10" cy="8" r="3.5" />
    <path d="M3 19.5c.6-3.3 3.5-5 7-5 1.2 0 2.3.2 3.3.6M16 18h5" />
  </Icon>
);

export const ArrowIcon = () => (
  <Icon>
    <path d="M5 12h14m-5.5-5.5L19 12l-5.5 5.5" />
  </Icon>
);

export const WarnIcon = () => (
  <Icon>
    <path d="M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.01" />
  </Icon>
);

export const PlugIcon = () => (
  <Icon>
    <path d="M4.5 9.5a11 11 0 0 1 15 0M7.5 13a6.5 6.5 0 0 1 9 0M12 17.5v.01M3.5 3.5l17 17" />
  </Icon>
);

export const SoundIcon = () => (
  <Icon>
    <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11" />
  </Icon>
);

export const Logo = () => (
  <span className="logo">
    <svg viewBox="0 0 32 32" aria-hidden="true" className="logo-mark">
      <rect width="32" height="32" rx="9" />
      <path d="M6 13.2c2.5-2.6 5-2.6 7.5 0s5 2.6 7.5 0 3.3-2.1 5-1.6M6 19.8c2.5-2.6 5-2.6 7.5 0s5 2.6 7.5 0 3.3-2.1 5-1.6" />
    </svg>
    <span className="logo-word">Millrace</span>
  </span>
);
