import type { Opened } from './context.ts'
import type { Finding } from './finding.ts'

const day = (at: Date): string => at.toISOString().slice(0, 10)

/** For how long the audit log needs the keys that `APP_KEY` had before. */
export const checkEarlierKeys = async ({ config, parts }: Opened): Promise<Finding[]> => {
  const { keys, unknown } = await parts.auditKeys.inUse()
  const findings = config.APP_KEY_PREVIOUS.map((_, index): Finding => {
    const name = `APP_KEY_PREVIOUS, key ${index + 1}`
    const used = keys.get(index + 1)
    if (used === undefined)
      return { level: 'ok', name, detail: 'the audit log does not need it; something that is sealed may' }
    const last = `the audit log's entries until ${day(used.lastAt)} are signed with it`
    const until = used.until === null ? 'for ever: entries stay (AUDIT_RETENTION_DAYS)' : `until ${day(used.until)}`
    return { level: 'ok', name, detail: `${last}: keep it ${until}` }
  })
  if (unknown === null) return findings
  const detail = `the audit log's entry ${unknown} is signed with none of APP_KEY and APP_KEY_PREVIOUS, or was changed`
  const hint = 'Put the key that APP_KEY had before into APP_KEY_PREVIOUS, then run sipkeeper audit:verify.'
  return [...findings, { level: 'problem', name: 'audit log', detail, hint }]
}
