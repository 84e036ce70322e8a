/**
 * The window as a person uses it: by roles and names.
 */
import { expect, type Locator, type Page } from '@playwright/test';

export class AppWindow {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async expectFirstRun(): Promise<void> {
    await expect(this.#page.getByRole('button', { name: 'Start the playground' })).toBeVisible();
    await expect(this.#page.getByRole('button', { name: 'Choose a kubeconfig…' })).toBeVisible();
  }

  async startPlayground(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Start the playground' }).click();
  }

  async expectEmptyHome(): Promise<void> {
    await expect(this.#page.getByRole('heading', { name: 'Expose your first service' })).toBeVisible({
      timeout: 30_000,
    });
  }

  async openExposeDialog(): Promise<void> {
    await this.#page.getByRole('button', { name: 'Expose a service' }).click();
    await expect(this.#page.getByRole('dialog', { name: 'Expose a service' })).toBeVisible();
  }

  /** Fills the open dialog, sends it, and closes it once the agent has taken the service on. */
  async expose(address: string, name: string): Promise<void> {
    const dialog = this.#page.getByRole('dialog', { name: 'Expose a service' });
    await dialog.getByLabel('Port or address').fill(address);
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByRole('button', { name: 'Expose', exact: true }).click();
    await this.closeProgress();
  }

  /** Leaves the dialog that shows how a service becomes ready. */
  async closeProgress(): Promise<void> {
    await this.#page
      .getByRole('dialog')
      .getByRole('button', { name: /^(Close|Done)$/ })
      .click();
    await expect(this.#page.getByRole('dialog')).toBeHidden();
  }

  service(name: string): Locator {
    return this.#page.getByRole('article', { name });
  }

  /** Waits until the window says that the service answers, and returns the URL it shows. */
  async expectReady(name: string): Promise<string> {
    const link = this.service(name).getByRole('link', { name: /^Open / });
    await expect(link).toBeVisible({ timeout: 30_000 });
    return (await link.getAttribute('href')) ?? '';
  }

  async switchService(name: string, on: boolean): Promise<void> {
    const control = this.service(name).getByRole('switch', { name: `${name} on` });
    await expect(control).toBeChecked({ checked: !on });
    await control.click();
  }

  async expectOff(name: string): Promise<void> {
    await expect(this.service(name).getByText('Off', { exact: true })).toBeVisible();
    await expect(this.service(name).getByRole('link', { name: /^Open / })).toBeHidden();
  }

  async deleteService(name: string): Promise<void> {
    await this.service(name)
      .getByRole('button', { name: `Delete ${name}` })
      .click();
    const dialog = this.#page.getByRole('alertdialog', { name: `Delete ${name}?` });
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(dialog).toBeHidden();
  }

  async openHome(): Promise<void> {
    await this.#page.getByRole('link', { name: 'Home', exact: true }).click();
  }

  async openConnectorPage(): Promise<void> {
    await this.#page.getByRole('link', { name: 'Connector', exact: true }).click();
    await expect(this.#page.getByRole('heading', { name: 'Tunnel engine' })).toBeVisible();
  }

  /** Opens the connector page and reads the connector's name. */
  async connectorName(): Promise<string> {
    await this.openConnectorPage();
    const heading = this.#page.getByRole('heading', { level: 1 });
    await expect(heading).not.toHaveText('Connector');
    const name = await heading.innerText();
    await this.openHome();
    return name;
  }

  /** Process id of the running engine, as the connector page shows it. */
  async enginePid(): Promise<number> {
    const text = await this.#page.getByText(/^id \d+$/).innerText();
    return Number(text.slice('id '.length));
  }
}
