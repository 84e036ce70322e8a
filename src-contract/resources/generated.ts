/**
 * Types of the resources in `crds/`, made by `npm run generate`. Not to be edited.
 */
import type { Condition, ObjectMeta } from './object-meta.ts';

/**
 * What a connector lets through. It is the allow list that the connector enforces.
 */
export interface ConnectorAdvertisement {
  apiVersion: 'networking.datumapis.com/v1alpha1';
  kind: 'ConnectorAdvertisement';
  metadata: ObjectMeta;
  spec: {
    connectorRef: {
      name: string;
    };
    layer4?: {
      name: string;
      services: {
        /**
         * IPv4 address, IPv6 address or DNS name, which may begin with a wildcard (*.example.com); the connector resolves names itself.
         */
        address: string;
        ports: {
          name: string;
          port: number;
          protocol?: 'TCP' | 'UDP';
        }[];
      }[];
    }[];
    layer3?: {
      name: string;
      cidrs: string[];
    }[];
  };
  status?: {
    conditions?: readonly Condition[];
  };
}

/**
 * Names the controller that looks after the connectors of this class.
 */
export interface ConnectorClass {
  apiVersion: 'networking.datumapis.com/v1alpha1';
  kind: 'ConnectorClass';
  metadata: ObjectMeta;
  spec: {
    controllerName?: string;
    /**
     * Who creates a connector's Lease. Left out, the controller does.
     */
    leaseOwner?: 'Controller' | 'Agent';
  };
  status?: {};
}

/**
 * A machine or process that carries connections to what it can reach.
 */
export interface Connector {
  apiVersion: 'networking.datumapis.com/v1alpha1';
  kind: 'Connector';
  metadata: ObjectMeta;
  spec: {
    /**
     * Name of the ConnectorClass whose controller looks after this connector.
     */
    connectorClassName: string;
    /**
     * What the connector may be asked to do. A capability that is not listed is not offered.
     */
    capabilities?: {
      /**
       * Capability, such as ConnectTCP, CONNECT-UDP, MASQUE or HTTP2.
       */
      type: string;
      /**
       * The enhancement's switch. Where both switches are given, the disabling one wins.
       */
      enabled?: boolean;
      connectTCP?: {
        disabled?: boolean;
      };
    }[];
  };
  status?: {
    capabilities?: {
      type: string;
      conditions?: readonly Condition[];
    }[];
    conditions?: readonly Condition[];
    /**
     * Written by the agent. What is not known is left out.
     */
    connectionDetails?: {
      type: 'PublicKey' | 'IPAddress' | 'Hostname';
      publicKey?: {
        /**
         * The connector's Ed25519 public key, 64 hexadecimal digits.
         */
        id: string;
        discoveryMode?: 'DNS';
        homeRelay?: string;
        addresses?: {
          address: string;
          port: number;
        }[];
      };
      ipAddress?: {
        addresses: {
          address: string;
          port: number;
        }[];
      };
      hostname?: {
        name: string;
        port: number;
      };
    };
    /**
     * The public key that the connector has proved to an edge, and since when. Written by the controller; of several connectors with one key, the first that proved it keeps it. An addition to Datum's shape.
     */
    provenKey?: {
      id: string;
      since: string;
    };
    /**
     * Written by the controller once the connector's Lease exists.
     */
    leaseRef?: {
      name: string;
    };
  };
}

/**
 * An edge, where agents connect and visitors arrive. Written by the edge itself.
 */
export interface DRTPServer {
  apiVersion: 'datumapis.com/v1alpha';
  kind: 'DRTPServer';
  metadata: ObjectMeta;
  spec: {
    instanceName?: string;
    /**
     * Host name or IP address at which agents and visitors reach the edge.
     */
    address: string;
    latitude?: number;
    longitude?: number;
    ports: {
      /**
       * tunnel-h2 for agents, http for visitors.
       */
      name: string;
      port: number;
      protocol?: 'TCP' | 'UDP';
    }[];
    /**
     * Tunnel protocols by their ALPN, such as sallyport-h2/1.
     */
    protocols: string[];
    /**
     * Name in the edge's certificate that agents verify. Left out, it is the address.
     */
    tunnelServerName?: string;
    /**
     * PEM certificates that agents trust for this edge.
     */
    caBundle: string;
    /**
     * Suffix under which the operator assigns hostnames on this edge.
     */
    domain?: string;
  };
  status?: {
    health?: 'Healthy' | 'Draining' | 'Unhealthy';
    leaseRef?: {
      name: string;
    };
  };
}

/**
 * A public HTTP name and the backend, behind a connector, that answers for it.
 */
export interface HTTPProxy {
  apiVersion: 'networking.datumapis.com/v1alpha';
  kind: 'HTTPProxy';
  metadata: ObjectMeta;
  spec: {
    /**
     * Names asked for. Left out, the platform assigns one.
     */
    hostnames?: string[];
    rules: {
      name?: string;
      matches?: {
        path?: {
          type?: 'Exact' | 'PathPrefix';
          value?: string;
        };
      }[];
      backends?: {
        /**
         * http://host:port or https://host:port, without path, query, fragment or userinfo.
         */
        endpoint: string;
        connector?: {
          name: string;
        };
      }[];
    }[];
  };
  status?: {
    addresses?: {
      type?: 'IPAddress' | 'Hostname';
      value: string;
    }[];
    canonicalHostname?: string;
    /**
     * Where a visitor reaches the proxy, port included. An addition to Datum's shape.
     */
    url?: string;
    hostnames?: string[];
    conditions?: readonly Condition[];
  };
}
