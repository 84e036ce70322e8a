/**
 * Where the window was, remembered in a file, and where it may open: always within a screen that is there.
 */
import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { writePrivateFile } from '../state/private-files.ts';

const boundsSchema = z.strictObject({
  x: z.int(),
  y: z.int(),
  width: z.int().min(1),
  height: z.int().min(1),
  maximized: z.boolean(),
});
export type WindowBounds = Readonly<z.infer<typeof boundsSchema>>;

export type Rectangle = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

const defaultSize = { width: 1100, height: 760 } as const;
export const smallestSize = { width: 640, height: 480 } as const;
/** This much of the window's top must be on a screen, or nobody could drag it back. */
const graspable = { width: 120, height: 40 } as const;

/** The bounds of last time; null if there are none that make sense. */
export async function readBounds(path: string): Promise<WindowBounds | null> {
  try {
    return boundsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Remembers `bounds`. Losing them is no harm, so failures are reported by false. */
export async function writeBounds(path: string, bounds: WindowBounds): Promise<boolean> {
  try {
    await writePrivateFile(path, `${JSON.stringify(bounds)}\n`);
    return true;
  } catch {
    return false;
  }
}

/** Where to open: as last time if that is still on a screen, else by default. Without `x` and `y`: centred. */
export function placeWindow(
  saved: WindowBounds | null,
  screens: readonly Rectangle[],
): { readonly width: number; readonly height: number; readonly x?: number; readonly y?: number } {
  if (saved === null) return defaultSize;
  const width = Math.max(smallestSize.width, saved.width);
  const height = Math.max(smallestSize.height, saved.height);
  const isOn = (screen: Rectangle): boolean => {
    const overlap = Math.min(saved.x + width, screen.x + screen.width) - Math.max(saved.x, screen.x);
    return overlap >= graspable.width && saved.y >= screen.y && saved.y + graspable.height <= screen.y + screen.height;
  };
  return screens.some(isOn) ? { x: saved.x, y: saved.y, width, height } : { width, height };
}
