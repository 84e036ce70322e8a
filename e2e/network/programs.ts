/**
 * The Go programs of this folder: the emulator, and the traffic that it is tested and measured with.
 */
import { join } from 'node:path';

import { buildGoProgram, type GoModule } from '../processes/go-program.ts';

const programs: GoModule = {
  sources: join(import.meta.dirname, 'programs'),
  output: 'network',
  remedy: 'The network emulator is a Go program: install Go 1.22 or newer.',
};

/** Path of the emulator. Throws CannotBuild where there is no Go. */
export async function buildEmulator(): Promise<string> {
  return (await buildGoProgram(programs, 'emulator')).path;
}

/** Path of the program that sends and receives; what it can do stands in its main.go. Throws CannotBuild. */
export async function buildTraffic(): Promise<string> {
  return (await buildGoProgram(programs, 'traffic')).path;
}
