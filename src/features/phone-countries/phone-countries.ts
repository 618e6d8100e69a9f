import type { Db } from '../../db/db.ts'
import { AppError } from '../../errors.ts'
import { phoneRegions } from '../../protocols/e164.ts'
import { phoneCountryStore } from './store.ts'

/** Which countries' phone numbers are accepted, for the whole instance (spec telephony.md §11). */
export const phoneCountries = (deps: { db: Db; now: () => Date }) => {
  const { db, now } = deps
  const store = phoneCountryStore(db)

  /** Switches all regions of the country's calling code; resolves to how many rows that were. */
  const switchCountry = (activated: boolean) => async (code: string) =>
    db.transaction(async (tx) => {
      // ISO 3166-1 alpha-2, in either case.
      const country = /^[A-Za-z]{2}$/.test(code) ? await store.one(tx, code.toUpperCase()) : null
      if (country === null) throw new AppError('not_found', 'country.unknown')
      return (await store.switchCode(tx, country.countryCode, activated, now())).length
    })

  return {
    list: () => store.all(db.read),
    activate: switchCountry(true),
    deactivate: switchCountry(false),
    /** The calling codes whose numbers are accepted. */
    openCallingCodes: async (): Promise<ReadonlySet<string>> =>
      new Set((await store.open(db.read)).map(({ countryCode }) => countryCode)),
    /** Adds regions that the numbering metadata knows and the table does not, deactivated. */
    refresh: async () => {
      const known = new Set((await store.all(db.read)).map(({ code }) => code))
      const missing = phoneRegions().filter(({ code }) => !known.has(code))
      if (missing.length === 0) return 0
      return db.transaction(async (tx) => (await store.add(tx, missing, now())).length)
    },
  }
}

export type PhoneCountries = ReturnType<typeof phoneCountries>
