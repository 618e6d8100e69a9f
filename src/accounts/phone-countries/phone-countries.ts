import type { Audit } from '../../audit/audit.ts'
import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import type { Visit } from '../../nouns/visit.ts'
import { phoneRegions } from '../../protocols/e164.ts'
import { phoneCountryStore } from './store.ts'

/** Which countries' phone numbers are accepted, for the whole instance (behaviour/telephony.md §6). */
export const phoneCountries = (deps: { db: Db; audit: Audit; now: () => Date }) => {
  const { db, audit, now } = deps
  const store = phoneCountryStore(db)

  /**
   * Opens or closes all regions of each country's calling code, or, where one of them is no country, none. Resolves to
   * how many regions each of them has. `by` null: the command line.
   */
  const switchAll = (by: Visit | null, codes: readonly string[], activated: boolean): Promise<number[]> =>
    db.transaction(async (tx) => {
      const found: string[] = []
      const unknown: string[] = []
      for (const code of codes) {
        // ISO 3166-1 alpha-2, in either case.
        const country = /^[A-Za-z]{2}$/.test(code) ? await store.one(tx, code.toUpperCase()) : null
        if (country === null) unknown.push(code)
        else found.push(country.countryCode)
      }
      if (unknown.length > 0)
        throw new AppError('not_found', 'country.unknown', { values: { codes: unknown.join(', ') } })
      const counts: number[] = []
      for (const callingCode of found) {
        const { length: count } = await store.switchCode(tx, callingCode, activated, now())
        const about = { kind: 'phone country', id: callingCode } as const
        const action = activated ? 'phone_country.opened' : 'phone_country.closed'
        await audit.record(tx, action, {
          by,
          space: null,
          about,
          detail: { count },
          line: { calling_code: callingCode },
        })
        counts.push(count)
      }
      return counts
    })

  return {
    list: () => store.all(db.read),
    switchAll,
    activate: async (by: Visit | null, code: string) => (await switchAll(by, [code], true))[0] ?? 0,
    deactivate: async (by: Visit | null, code: string) => (await switchAll(by, [code], false))[0] ?? 0,
    /** The calling codes whose numbers are accepted. */
    openCallingCodes: async (): Promise<ReadonlySet<string>> =>
      new Set((await store.open(db.read)).map(({ countryCode }) => countryCode)),
    /** Adds regions that the numbering metadata knows and the table does not, deactivated. */
    refresh: async () => {
      const known = new Set((await store.all(db.read)).map(({ code }) => code))
      const missing = phoneRegions().filter(({ code }) => !known.has(code))
      if (missing.length === 0) return 0
      return db.transaction(async (tx) => {
        const { length: count } = await store.add(tx, missing, now())
        const about = { kind: 'phone country', id: null } as const
        const change = { by: { job: 'phone-countries' }, space: null, about, detail: { count } }
        // The first start fills the table: that is part of making the database.
        if (count > 0 && known.size > 0) await audit.record(tx, 'phone_country.added', change)
        return count
      })
    },
  }
}

export type PhoneCountries = ReturnType<typeof phoneCountries>
