// Asks @cloud-copilot/iam-simulate, an IAM simulator that others wrote, for its decision on cases:
// node oracle.mjs FOLDER, where FOLDER holds node_modules; one case a line comes in, one decision a line goes out.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const load = createRequire(join(resolve(process.argv[2]), "oracle.js"));
const { anonymousPrincipal, isConditionKeyArray, runSimulation, typeForContextKey } = load(
  "@cloud-copilot/iam-simulate",
);

const several = new Map();

async function holdsSeveral(key) {
  if (!several.has(key)) {
    const type = await typeForContextKey(key.toLowerCase()).catch(() => null);
    several.set(key, type !== null && isConditionKeyArray(type));
  }
  return several.get(key);
}

function merged(policies) {
  if (policies.length < 2) return policies[0];
  return { ...policies[0], Statement: policies.flatMap((policy) => policy.Statement) };
}

async function decision(given) {
  for (const [key, values] of Object.entries(given.context)) {
    if (values.length !== 1 && !(await holdsSeveral(key))) return { skipped: "several values for a key of one" };
  }
  const named = (policies, name) => policies.map((policy, number) => ({ name: `${name}${number}`, policy }));
  const simulated = await runSimulation(
    {
      request: {
        principal: given.principal === "anonymous" ? anonymousPrincipal : given.principal,
        action: given.action,
        resource: { resource: given.resource, accountId: given.owner },
        contextVariables: given.context,
      },
      identityPolicies: named(given.identity, "identity"),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: given.resource_policy ?? undefined,
      permissionBoundaryPolicies: given.boundary ? named([given.boundary], "boundary") : undefined,
      sessionPolicy: merged(given.session),
      additionalSettings: { s3: { bucketAbacEnabled: true } },
    },
    { simulationMode: "Strict" },
  );
  if (simulated.resultType === "error") return { skipped: simulated.errors.message };
  if (simulated.resultType !== "single") return { skipped: "more than one resource" };
  if (simulated.result.ignoredContextKeys?.length) return { skipped: "a key that the oracle ignores" };
  return { allowed: simulated.overallResult === "Allowed" };
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await decision(JSON.parse(line)).catch((error) => ({ skipped: String(error.message) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
