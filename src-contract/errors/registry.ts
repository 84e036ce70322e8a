/**
 * Every failure a person can meet, declared once: code, class, and what to tell them.
 *
 * `title` says what happened, `detail` why, `action` the one thing to do next. `{name}` is filled from the error's
 * arguments. Codes are a contract: scripts match them, so a code is never renamed.
 */

/**
 * transient: goes away by itself, is retried. user: needs a person. terminal: stays until the request changes.
 * bug: should never be seen.
 */
export type ErrorClass = 'transient' | 'user' | 'terminal' | 'bug';

export type ErrorEntry = {
  readonly class: ErrorClass;
  readonly title: string;
  readonly detail: string;
  readonly action: string;
};

export const errorRegistry = {
  SP_INPUT_INVALID: {
    class: 'terminal',
    title: 'The request is not valid',
    detail: '{reason}',
    action: 'Change what is named here and try again.',
  },
  SP_USAGE: {
    class: 'terminal',
    title: 'The command is not understood',
    detail: '{reason}',
    action: 'Run “sallyport --help” to see the commands and their options.',
  },
  SP_INPUT_HOST: {
    class: 'terminal',
    title: '“{value}” cannot be the host of a service',
    detail: '{reason}',
    action: 'Enter the host your service runs on, for example localhost, db.corp or 192.168.1.20.',
  },
  SP_INPUT_SCHEME: {
    class: 'terminal',
    title: '“{value}” is not served over plain HTTP',
    detail: 'What is published is an HTTP service; its visitors’ connections are the edge’s matter.',
    action: 'Give the host and port of an HTTP service, for example localhost:3000.',
  },
  SP_INPUT_PROFILE: {
    class: 'terminal',
    title: '“{value}” cannot be a profile',
    detail: 'A profile is a folder: at most 63 letters, digits, hyphens and underscores, the first a letter or digit.',
    action: 'Choose a name such as “work”.',
  },
  SP_INPUT_PATH: {
    class: 'terminal',
    title: 'A path cannot be published by itself',
    detail: '“{path}” is a part of the service at {target}, and a service is published as a whole.',
    action: 'Leave the path away: {target}. Add it to the address that visitors get.',
  },
  SP_INPUT_PORT: {
    class: 'terminal',
    title: '“{value}” is not a port',
    detail: 'A port is a whole number from 1 to 65535.',
    action: 'Enter the port your service listens on, for example 3000 or 127.0.0.1:3000.',
  },
  SP_SERVICE_NAME_INVALID: {
    class: 'terminal',
    title: '“{name}” cannot be a name',
    detail:
      'A name becomes part of a web address: 1 to 40 lower-case letters, digits and hyphens, starting with a letter.',
    action: 'Choose a name such as “my-app”.',
  },
  SP_SERVICE_NAME_TAKEN: {
    class: 'terminal',
    title: 'The name “{name}” is taken',
    detail: '{reason}',
    action: 'Choose another name.',
  },
  SP_SERVICES_TOO_MANY: {
    class: 'terminal',
    title: 'There is no room for another service',
    detail: 'An agent publishes at most {limit} services.',
    action: 'Delete one that is not needed any more.',
  },
  SP_SERVICE_NOT_FOUND: {
    class: 'terminal',
    title: 'There is no service “{name}”',
    detail: 'It may have been deleted from another window or terminal.',
    action: 'Run “sallyport status” to see what is published.',
  },
  SP_PROXY_INVALID: {
    class: 'user',
    title: 'The HTTPProxy “{name}” cannot be served',
    detail: '{reason}',
    action: 'Change that field of the HTTPProxy in the control plane; the service comes back by itself.',
  },
  SP_SERVICE_NOT_READY: {
    class: 'transient',
    title: '“{name}” did not become reachable within {seconds} s',
    detail: '{reason}',
    action: 'Run “sallyport status” to see which step is waiting.',
  },
  SP_DISCOVERY_FAILED: {
    class: 'user',
    title: 'What listens on this machine cannot be listed',
    detail: '{reason}',
    action: 'Enter the port of your service yourself.',
  },
  SP_ORIGIN_REFUSED: {
    class: 'user',
    title: 'Nothing listens on {target}',
    detail: 'The connection to {target} on this machine was refused.',
    action: 'Start your service on {target}; the tunnel picks it up by itself.',
  },
  SP_ORIGIN_UNREACHABLE: {
    class: 'user',
    title: '{target} cannot be reached from this machine',
    detail: '{reason}',
    action: 'Check the address and that this machine can reach it.',
  },
  SP_ORIGIN_NAME_UNKNOWN: {
    class: 'user',
    title: 'The name in {target} does not resolve',
    detail: 'This machine finds no address for it.',
    action: 'Check the spelling of the name and the network or VPN that knows it; the tunnel picks it up by itself.',
  },
  SP_ORIGIN_TIMEOUT: {
    class: 'user',
    title: '{target} does not answer',
    detail: 'The connection was not answered within {seconds} s.',
    action: 'Check that the service on {target} is not stuck.',
  },
  SP_TARGET_NOT_ALLOWED: {
    class: 'terminal',
    title: '{target} is not on the allow list',
    detail: 'The connector lets through only what was exposed on this machine.',
    action: 'Expose {target} on this machine if it should be reachable.',
  },
  SP_CONTROL_PLANE_UNREACHABLE: {
    class: 'transient',
    title: 'The control plane does not answer',
    detail: '{reason}',
    action: 'Check the network connection; Sallyport keeps trying by itself.',
  },
  SP_CONTROL_PLANE_BUSY: {
    class: 'transient',
    title: 'The control plane cannot answer right now',
    detail: '{reason}',
    action: 'Wait; Sallyport tries again by itself. If it lasts, ask the owner of the control plane.',
  },
  SP_CONTROL_PLANE_UNTRUSTED: {
    class: 'user',
    title: 'The control plane cannot be verified',
    detail: '{reason}',
    action: 'Check the clock of this machine, then get a new kubeconfig from the owner of the control plane.',
  },
  SP_CONTROL_PLANE_DENIED: {
    class: 'user',
    title: 'The control plane refuses this account',
    detail: '{reason}',
    action: 'Sign in again, or ask the owner of the control plane for the right to manage connectors.',
  },
  SP_CONTROL_PLANE_KINDS_MISSING: {
    class: 'user',
    title: 'The control plane does not know connectors',
    detail: 'The resource {kind} is not served at {server}.',
    action: 'Install the CRDs of Sallyport there, or choose another context.',
  },
  SP_CONTROL_PLANE_NOT_CHOSEN: {
    class: 'user',
    title: 'No control plane is chosen yet',
    detail: 'Services are published through a control plane.',
    action: 'Start the playground or connect to a control plane first.',
  },
  SP_CONTROL_PLANE_IN_USE: {
    class: 'user',
    title: 'The agent of this profile uses another control plane',
    detail: 'A profile has one agent, and that publishes through one control plane.',
    action: 'Add “--profile NAME” to use a profile of its own.',
  },
  SP_LEFT_BEHIND: {
    class: 'transient',
    title: 'Not everything could be withdrawn from {controlPlane}',
    detail: 'Still published there: {services}. {reason}',
    action: 'Make sure that it can be reached; Sallyport withdraws them as soon as it answers.',
  },
  SP_KUBECONFIG_UNREADABLE: {
    class: 'user',
    title: 'The kubeconfig cannot be used',
    detail: '{reason}',
    action: 'Choose a valid kubeconfig file.',
  },
  SP_KUBECONFIG_CONTEXT_UNKNOWN: {
    class: 'user',
    title: 'The kubeconfig has no context “{context}”',
    detail: 'It has: {contexts}.',
    action: 'Choose one of these contexts.',
  },
  SP_PLAYGROUND_FAILED: {
    class: 'user',
    title: 'The playground could not start',
    detail: '{reason}',
    action: 'Read the log of the part that failed, then start the playground again.',
  },
  SP_CONFIG_INVALID: {
    class: 'user',
    title: 'The configuration cannot be used',
    detail: '{reason}',
    action: 'Correct what is named there, then start it again.',
  },
  SP_LISTEN_FAILED: {
    class: 'user',
    title: '{address} cannot be listened on',
    detail: '{reason}',
    action: 'Choose another address or port in the configuration, then start it again.',
  },
  SP_LEASE_HELD: {
    class: 'user',
    title: 'Another machine uses this connector',
    detail: 'The lease of “{connector}” is held by {holder}.',
    action: 'Stop the other agent, or give this machine a connector of its own.',
  },
  SP_TUNNEL_DISCONNECTED: {
    class: 'transient',
    title: 'The edge {edge} cannot be reached',
    detail: '{reason}',
    action: 'Check the network connection; Sallyport reconnects by itself.',
  },
  SP_TUNNEL_UNTRUSTED: {
    class: 'user',
    title: 'The edge {edge} is not who it claims to be',
    detail: '{reason}',
    action: 'Do not go on over this network; ask the owner of the control plane to check the edge.',
  },
  SP_TUNNEL_REFUSED: {
    class: 'user',
    title: 'The edge {edge} refuses this connector',
    detail: '{reason}',
    action: 'See the connector page for the reason the edge gave.',
  },
  SP_ENGINE_FAULTED: {
    class: 'user',
    title: 'The tunnel engine keeps stopping',
    detail:
      'It ended {count} times within {seconds} s. Sallyport goes on trying, with pauses that grow to {minutes} minutes.',
    action: 'Try at once with “Try now” or “sallyport retry”; if it keeps happening, report it with the log.',
  },
  SP_STATE_CORRUPT: {
    class: 'user',
    title: 'The saved state could not be read',
    detail: 'The damaged file was kept as {backup}.',
    action: 'Expose your services again, or restore the file from a backup.',
  },
  SP_STATE_UNREADABLE: {
    class: 'user',
    title: 'The saved state cannot be opened',
    detail: '{path}: {reason}',
    action: 'Make the file readable for your account; until then nothing is started, so that nothing is lost.',
  },
  SP_STATE_NOT_SAVED: {
    class: 'user',
    title: 'The state could not be saved',
    detail: '{reason}',
    action: 'Free some disk space or make the folder writable; nothing was changed.',
  },
  SP_SECRETS_WEAK: {
    class: 'user',
    title: 'The key of this connector is stored unencrypted',
    detail:
      'It is in a file that only your account may read. An agent without the desktop app, or on a system without a secret store, has nothing to encrypt it with.',
    action: 'Use the desktop app with an unlocked keyring (GNOME Keyring, KWallet) to have it encrypted.',
  },
  SP_SECRETS_PLAIN: {
    class: 'user',
    title: 'The connector key is not encrypted',
    detail: 'Without the desktop app there is no secret store; the key is in a file that only your account may read.',
    action: 'Keep the profile on an encrypted disk, or run the desktop app, which encrypts the key.',
  },
  SP_IDENTITY_UNREADABLE: {
    class: 'user',
    title: 'The key of this connector cannot be used',
    detail: '{path}: {reason}',
    action: 'Use the desktop app or another profile; move the file away only to become a new connector.',
  },
  SP_AGENT_RUNNING: {
    class: 'user',
    title: 'An agent already runs for this profile',
    detail: 'It has process id {pid}.',
    action: 'Use it with “sallyport serve” and “sallyport status”, or choose another profile.',
  },
  SP_AGENT_NOT_RUNNING: {
    class: 'user',
    title: 'No agent runs for this profile',
    detail: 'There is nothing at {socket}.',
    action: 'Start one with “sallyport serve PORT” or open the app.',
  },
  SP_AGENT_CONNECTION_LOST: {
    class: 'transient',
    title: 'The connection to the agent is lost',
    detail: 'This window does not reach the agent it belongs to; what was asked for may not have happened.',
    action: 'It connects again by itself; then look at the state and try again.',
  },
  SP_WEB_NOT_SERVED: {
    class: 'user',
    title: 'This agent shows no window in a browser',
    detail: 'It was started without --web, or by the desktop app.',
    action: 'Use the window of the app, or start the agent with “sallyport agent --web”.',
  },
  SP_INTERNAL: {
    class: 'bug',
    title: 'Something went wrong inside Sallyport',
    detail: '{reason}',
    action: 'Report it with the log.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorRegistry;
