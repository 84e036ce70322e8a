/**
 * Services that people really run, published and used as people use them.
 */
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';

import { chromium, expect, test } from '@playwright/test';

import { chromiumOptions } from '../drivers/chromium-driver.ts';
import { hasJupyterLab, startJupyterLab } from '../origins/jupyter-lab.ts';
import { hasNginx, startNginx, type Nginx } from '../origins/nginx.ts';
import { createPublisher, type Published, type Publisher } from '../processes/published.ts';
import { openRequest, responseOf, visit } from '../visitor/http-visitor.ts';

let publisher: Publisher;
test.beforeAll(async () => {
  publisher = await createPublisher();
});
test.afterAll(() => publisher.close());

test.describe('nginx', () => {
  test.skip(!hasNginx, 'nginx is not installed');
  const movie = randomBytes(5 * 1024 * 1024);
  let nginx: Nginx;
  let site: Published;

  test.beforeAll(async () => {
    nginx = await startNginx({ 'movie.bin': movie, 'text.txt': 'words '.repeat(1000), 'index.html': '<h1>nginx</h1>' });
    site = await publisher.publish(nginx.port, 'nginx');
  });
  test.afterAll(() => nginx.close());

  const get = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const request = openRequest(`${site.url}${path}`, { headers, method });
    request.end();
    const response = await responseOf(request);
    const parts: Buffer[] = [];
    for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) };
  };

  test('a player seeks: single ranges, open ranges, the last bytes', async () => {
    for (const [range, from, to] of [
      ['bytes=0-0', 0, 0],
      ['bytes=1000000-1999999', 1_000_000, 1_999_999],
      [`bytes=${movie.length - 10}-`, movie.length - 10, movie.length - 1],
      ['bytes=-100', movie.length - 100, movie.length - 1],
    ] as const) {
      const answer = await get('/movie.bin', { range });
      expect(answer.status, range).toBe(206);
      expect(answer.headers['content-range']).toBe(`bytes ${from}-${to}/${movie.length}`);
      expect(answer.headers['content-length']).toBe(String(to - from + 1));
      expect(answer.body.equals(movie.subarray(from, to + 1))).toBe(true);
    }
  });

  test('several ranges come as parts, and one that is not there is refused', async () => {
    const several = await get('/movie.bin', { range: 'bytes=0-9,100-109' });
    expect(several.status).toBe(206);
    expect(several.headers['content-type']).toMatch(/^multipart\/byteranges; boundary=/);
    expect(several.body.includes(movie.subarray(100, 110))).toBe(true);
    const beyond = await get('/movie.bin', { range: `bytes=${movie.length}-` });
    expect(beyond.status).toBe(416);
    expect(beyond.headers['content-range']).toBe(`bytes */${movie.length}`);
  });

  test('an interrupted download goes on where it stopped, if the file is still the same', async () => {
    const whole = await get('/movie.bin', {}, 'HEAD');
    expect(whole.headers['accept-ranges']).toBe('bytes');
    expect(whole.headers['content-length']).toBe(String(movie.length));
    expect(whole.body).toHaveLength(0);
    const { etag = '' } = whole.headers;
    expect((await get('/movie.bin', { range: 'bytes=4000000-', 'if-range': etag })).status).toBe(206);
    expect((await get('/movie.bin', { range: 'bytes=4000000-', 'if-range': '"another"' })).status).toBe(200);
  });

  test('what a browser has already is not sent again', async () => {
    const { etag = '', 'last-modified': lastModified = '' } = (await get('/text.txt')).headers;
    for (const headers of [{ 'if-none-match': etag }, { 'if-modified-since': lastModified }]) {
      const answer = await get('/text.txt', headers);
      expect(answer.status).toBe(304);
      expect(answer.body).toHaveLength(0);
    }
  });

  test('compression is between nginx and the visitor', async () => {
    const answer = await get('/text.txt', { 'accept-encoding': 'gzip' });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(answer.headers.vary).toMatch(/accept-encoding/i);
    expect(gunzipSync(answer.body).toString()).toBe('words '.repeat(1000));
  });
});

test('JupyterLab: a notebook runs on its kernel and shows what it prints while it still runs', async () => {
  test.skip(!hasJupyterLab, 'JupyterLab is not installed: node e2e/origins/install-jupyterlab.ts');
  const jupyter = await startJupyterLab([
    'import time, pathlib\nprint("the first line")\nwhile not pathlib.Path("go").exists(): time.sleep(0.05)\nprint("the last line", 6 * 7)',
    'pathlib.Path("go").touch()',
  ]);
  const browser = await chromium.launch(chromiumOptions);
  try {
    const { url } = await publisher.publish(jupyter.port, 'jupyter');
    const page = await browser.newPage();
    await page.goto(`${url}${jupyter.notebookPath}`);
    const outputs = page.locator('.jp-OutputArea-output');
    await page.locator('.jp-Cell .cm-content').first().click();
    await page.keyboard.press('Shift+Enter');
    await expect(outputs.first()).toContainText('the first line', { timeout: 45_000 });
    await expect(outputs.first()).not.toContainText('the last line');
    // The kernel goes on once the file is there; it is made through the lab's own REST interface.
    const saved = await page.evaluate(async () => {
      const xsrf = /_xsrf=([^;]+)/.exec(document.cookie)?.[1] ?? '';
      const response = await fetch('/api/contents/go', {
        method: 'PUT',
        headers: { 'content-type': 'application/json', 'x-xsrftoken': xsrf },
        body: JSON.stringify({ type: 'file', format: 'text', content: '' }),
      });
      return response.status;
    });
    expect(saved).toBe(201);
    await expect(outputs.first()).toContainText('the last line 42');
    expect((await visit(`${url}/api/kernels`)).status, 'without the token nobody gets in').toBe(403);
  } finally {
    await browser.close();
    await jupyter.close();
  }
});
