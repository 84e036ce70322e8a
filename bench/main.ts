/**
 * `npm run bench -- NAME`: one benchmark, by its name; without one, the tunnel's. Each is a program of its own, which
 * reads what else it needs from the environment or from the arguments after its name.
 */
const name = process.argv[2] ?? 'tunnel';
switch (name) {
  case 'tunnel':
    await import('./tunnel.ts');
    break;
  case 'network':
    await import('./network.ts');
    break;
  case 'quic':
    await import('./quic/compare.ts');
    break;
  case 'quic-conformance':
    await import('./quic/conformance.ts');
    break;
  default:
    console.error(`There is no benchmark "${name}". There are: tunnel, network, quic, quic-conformance.`);
    process.exitCode = 2;
}
