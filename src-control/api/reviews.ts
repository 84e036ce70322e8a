/**
 * Answers questions of callers about themselves: who am I, may I do this, what may I do.
 */
import { resourceName, rules, rulesFor } from '../authorization/rules.ts';
import type { User } from '../authorization/tokens.ts';
import { isObject, member, text, type JsonObject, type JsonValue } from '../json.ts';
import { badRequest } from '../status-error.ts';

/** The answer to a review of `plural`, undefined where there is no such review. */
export function answerReview(plural: string, user: User, body: JsonValue): JsonObject | undefined {
  if (!isObject(body)) throw badRequest('a review is an object');
  const spec = member(body, 'spec') ?? {};
  const answer = (kind: string, group: string, status: JsonObject): JsonObject => ({
    apiVersion: `${group}/v1`,
    kind,
    metadata: { creationTimestamp: null },
    ...(kind === 'SelfSubjectReview' ? {} : { spec }),
    status,
  });
  switch (plural) {
    case 'selfsubjectreviews':
      return answer('SelfSubjectReview', 'authentication.k8s.io', {
        userInfo: { username: user.name, groups: [`sallyport:${user.role}`, 'system:authenticated'] },
      });
    case 'selfsubjectaccessreviews':
      return answer('SelfSubjectAccessReview', 'authorization.k8s.io', access(user, spec));
    case 'selfsubjectrulesreviews':
      return answer('SelfSubjectRulesReview', 'authorization.k8s.io', allRules(user));
    default:
      return undefined;
  }
}

function access(user: User, spec: JsonValue): JsonObject {
  const resource = member(spec, 'resourceAttributes');
  if (!isObject(resource)) {
    const verb = text(member(spec, 'nonResourceAttributes'), 'verb') ?? '';
    return { allowed: user.role === 'admin' || verb === 'get' };
  }
  const name = resourceName(
    text(resource, 'group') ?? '',
    text(resource, 'resource') ?? '',
    text(resource, 'subresource') ?? '',
  );
  const allowing = rulesFor(user.role, text(resource, 'verb') ?? '', name);
  if (allowing.length === 0) return { allowed: false, reason: `no rule of the role ${user.role} allows it` };
  const fields = allowing.some((rule) => rule.fields === undefined)
    ? []
    : allowing.flatMap((rule) => rule.fields ?? []);
  return fields.length === 0 ? { allowed: true } : { allowed: true, reason: `only the fields ${fields.join(', ')}` };
}

function allRules(user: User): JsonObject {
  return {
    incomplete: false,
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['*'] }],
    resourceRules: rules[user.role].flatMap((rule) =>
      rule.resources.map((resource) => {
        const [path = '', subresource] = resource.split('/');
        const [plural = '', ...group] = path.split('.');
        return {
          verbs: rule.verbs,
          apiGroups: [resource === '*' ? '*' : group.join('.')],
          resources: [subresource === undefined ? plural : `${plural}/${subresource}`],
        };
      }),
    ),
  };
}
