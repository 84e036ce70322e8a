/**
 * How an edge tells an agent that a request in the tunnel is the platform's own question and no visitor's.
 */

/** Request field, empty; it ends at the agent. An edge sends none that a visitor wrote. */
export const probeMark = 'sallyport-probe-mark';
