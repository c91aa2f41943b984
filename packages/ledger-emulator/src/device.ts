import type { App } from './app.ts';
import { Refusal } from './app-error.ts';
import type { DeviceKeys } from './device-key.ts';
import type { Dialogue } from './dialogue.ts';
import type { Screens } from './screens.ts';
import type { Registrations } from './slip21.ts';
import type { TemplateMemory } from './template-memory.ts';

/** What every command works with. */
export interface Device {
  readonly app: App;
  readonly keys: DeviceKeys;
  readonly registrations: Registrations;
  readonly screens: Screens;
  readonly templateMemory: TemplateMemory;
}

/** A command of the app: from the data of its APDU to the data of its answer. @throws `Refusal` */
export type Command = (
  device: Device,
  data: Uint8Array,
  protocolVersion: number,
) => Dialogue<Uint8Array>;

/** Data of a command that end too soon. */
export const wrongLength = (): Refusal => new Refusal('wrongLength');
