/**
 * The parts of a Kubernetes object that every resource shares (meta/v1), as far as we read or write them.
 */

/** Link from an owned object to its owner; garbage collection follows it. */
export type OwnerReference = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
};

/** `metadata` of an object as it is sent. What the server fills in is optional. */
export type ObjectMeta = {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  /** Opaque: equal or not equal, never compared as a number. */
  readonly resourceVersion?: string;
  /** Counts changes of `spec`. */
  readonly generation?: number;
  /** RFC 3339, set by the server. */
  readonly creationTimestamp?: string;
  /** RFC 3339; set once deletion was asked for and finalizers remain. */
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
};

/** One aspect of an object's state, as observed by the controller that owns the field. */
export type Condition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase code for programs. */
  readonly reason: string;
  /** Sentence for people. */
  readonly message: string;
  /** RFC 3339; changes only when `status` does. */
  readonly lastTransitionTime: string;
  /** The `metadata.generation` this was observed at; behind it, the condition is stale. */
  readonly observedGeneration?: number;
};

/** What every resource has in common. */
export type KubernetesObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
};
