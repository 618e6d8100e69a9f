import { Elysia } from 'elysia'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { AuditFilter, type AuditReading } from '../../audit/reading.ts'
import { auditWire } from '../../audit/wire.ts'
import type { Auth } from '../../http/auth.ts'
import { read } from '../../http/input.ts'
import type { LongReplies } from '../../http/long-replies.ts'
import { AUDIT_ACTIONS } from '../../logging/security-events.ts'
import { type Caller, mayActAs } from '../../nouns/caller.ts'
import type { Members, Visit } from '../../nouns/visit.ts'
import { textOf } from '../../panel/components/fields.tsx'
import { type Listing, listingOf } from '../../panel/listing.ts'
import type { Pages } from '../../panel/pages.ts'
import { Proven } from '../../self-service/own-account/own-account.ts'
import type { SpaceAdministration } from '../../spaces/spaces/administration.ts'
import { AUDIT_PATH, auditPage } from './audit-page.tsx'
import { auditExportPage } from './export-page.tsx'

interface Deps {
  readonly auth: Auth
  readonly pages: Pages
  readonly auditReading: AuditReading
  readonly passwords: Passwords
  readonly longReplies: LongReplies
  readonly spaceAdministration: Pick<SpaceAdministration, 'list'>
  readonly now: () => Date
}

const PLACE = /^\d{1,15}-\d{1,15}$/

/** The audit log (behaviour/panel.md §7.22). */
export const auditLogPages = (deps: Deps) => {
  const { auth, pages, auditReading, passwords, longReplies, spaceAdministration, now } = deps

  const listed = (caller: Caller, input: Members, path = AUDIT_PATH): Listing =>
    listingOf(input, {
      path,
      sorts: ['newest'],
      filters: ['actor', 'subject', 'action', 'since', 'until', ...(mayActAs(caller, 'super') ? ['domain'] : [])],
    })
  /** What of an address means something: addresses are typed by hand. */
  const asked = ({ chosen }: Listing, before?: string) => {
    const action = AUDIT_ACTIONS.find((one) => one === chosen.action)
    const trimmed = { ...chosen, actor: chosen.actor?.trim(), subject: chosen.subject?.trim() }
    return read(AuditFilter, { ...trimmed, action, before })
  }

  async function* lines(visit: Visit, caller: Caller, listing: Listing): AsyncGenerator<string> {
    for await (const row of auditReading.every(visit, caller, asked(listing)))
      yield `${JSON.stringify(auditWire(row))}\n`
  }

  return new Elysia({ prefix: AUDIT_PATH })
    .use(auth)
    .use(pages)
    .get(
      '/',
      async ({ caller, input, show }) => {
        const listing = listed(caller, input)
        const before = PLACE.test(textOf(input.before)) ? textOf(input.before) : undefined
        const page = await auditReading.page(caller, asked(listing, before))
        const isSuper = mayActAs(caller, 'super')
        const domains = isSuper ? (await spaceAdministration.list()).map(({ domain }) => domain).toSorted() : []
        const file = listed(caller, input, `${AUDIT_PATH}/export`).link({})
        return show(auditPage, { ...page, listing, file, isOlder: before !== undefined, domains })
      },
      { signedIn: 'admin' },
    )
    .get(
      '/export',
      ({ caller, input, form }) => form(auditExportPage, { listing: listed(caller, input, `${AUDIT_PATH}/export`) }),
      { signedIn: 'admin' },
    )
    .post(
      '/export',
      ({ visit, caller, input, form }) => {
        const listing = listed(caller, input, `${AUDIT_PATH}/export`)
        return form(auditExportPage, { listing }, async () => {
          await passwords.prove(visit, caller, read(Proven, input), 'current_password')
          const headers = {
            'content-type': 'application/x-ndjson; charset=utf-8',
            'content-disposition': `attachment; filename="audit-log-${now().toISOString().slice(0, 10)}.jsonl"`,
          }
          return longReplies.send(caller, lines(visit, caller, listing), (body) => new Response(body, { headers }))
        })
      },
      { signedIn: 'admin' },
    )
}
