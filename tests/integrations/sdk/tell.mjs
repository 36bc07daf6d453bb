// Tell the running product a small story through the unmodified SDK. Arguments: host, write key.
import { createRequire } from "node:module"

const require = createRequire(`${process.cwd()}/`)
const { Analytics } = require("@segment/analytics-node")
const [host, writeKey] = process.argv.slice(2)
const analytics = new Analytics({ host, writeKey, maxRetries: 0 })
const faults = []
analytics.on("error", (fault) => faults.push(fault))

analytics.page({ anonymousId: "node-visitor", name: "Home", properties: { path: "/" } })
analytics.identify({ userId: "node-1", anonymousId: "node-visitor", traits: { email: "node@example.com", firstName: "Ann" } })
analytics.track({ userId: "node-1", event: "order_completed", properties: { total: 59.9 } })
analytics.screen({ userId: "node-1", name: "Cart" })
analytics.group({ userId: "node-1", groupId: "acme", traits: { plan: "pro" } })
analytics.alias({ userId: "node-2", previousId: "node-1" })
await analytics.closeAndFlush()
if (faults.length) throw new Error(JSON.stringify(faults))
