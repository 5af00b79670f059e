// Which microphone and which camera: on the join screen and in the settings of the call.
import { useId } from 'react';
import type { LocalMedia } from '../media/devices';
import { useLocal } from './hooks';
import { CameraIcon, MicIcon } from './icons';

export function DevicePickers({ local }: { local: LocalMedia }) {
  const { mics, cameras, mic, camera } = useLocal(local);
  return (
    <div className="pickers">
      <Picker
        label="Microphone"
        icon={<MicIcon />}
        devices={mics}
        chosen={mic?.getSettings().deviceId ?? local.choice.micId}
        onPick={(id) => void local.pickMic(id)}
        testId="mic-picker"
      />
      <Picker
        label="Camera"
        icon={<CameraIcon />}
        devices={cameras}
        chosen={camera?.getSettings().deviceId ?? local.choice.cameraId}
        onPick={(id) => void local.pickCamera(id)}
        testId="camera-picker"
      />
    </div>
  );
}

interface PickerProps {
  readonly label: string;
  readonly icon: React.ReactNode;
  readonly devices: readonly MediaDeviceInfo[];
  readonly chosen: string | undefined;
  readonly onPick: (deviceId: string) => void;
  readonly testId: string;
}

function Picker({ label, icon, devices, chosen, onPick, testId }: PickerProps) {
  const id = useId();
  const none = devices.length === 0;
  return (
    <div className="picker">
      <label className="visually-hidden" htmlFor={id}>
        {label}
      </label>
      {icon}
      <select
        id={id}
        data-testid={testId}
        disabled={none}
        value={none ? '' : (chosen ?? devices[0]?.deviceId)}
        onChange={(event) => onPick(event.target.value)}
      >
        {none && <option value="">No {label.toLowerCase()} available</option>}
        {devices.map((device, i) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || `${label} ${i + 1}`}
          </option>
        ))}
      </select>
    </div>
  );
}
