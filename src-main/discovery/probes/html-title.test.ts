import { expect, it } from 'vitest';

import { titleOf } from './html-title.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each([
  ['<!doctype html><html><head><title>Shop</title>', 'Shop'],
  ['<TITLE lang="en">\n  Two\n  lines\t</TITLE>', 'Two lines'],
  ['<title>Tom &amp; Jerry &#8211; &#x1F42D; &quot;hi&quot;</title>', 'Tom & Jerry – 🐭 "hi"'],
  ['<title>&unknown; &#xD800; &#99999999; &amp;lt;</title>', '&unknown; � &#99999999; &lt;'],
  ['<title>Grüße aus 東京</title>', 'Grüße aus 東京'],
  ['<title>first</title><svg><title>second</title></svg>', 'first'],
  ['<title></title>', null],
  ['<title>   </title>', null],
  ['<title>cut o', null],
  ['<h1>No title</h1>', null],
  ['<titles>not one</titles>', null],
  ['', null],
  ['<title>left\u202Etfel\u0007\u001B[31m</title>', 'left tfel [31m'],
  [`<title>${'é'.repeat(300)}</title>`, `${'é'.repeat(119)}…`],
])('the title of %j is %j', (page, title) => {
  expect(titleOf(utf8(page))).toBe(title);
});

it('reads the encoding that HTTP gave, and none that does not exist', () => {
  const latin = Buffer.from('<title>Grüße</title>', 'latin1');
  expect(titleOf(latin, 'iso-8859-1')).toBe('Grüße');
  expect(titleOf(utf8('<title>Grüße</title>'), 'no-such-thing')).toBe('Grüße');
});
