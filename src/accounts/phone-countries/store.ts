import { asc, eq } from 'drizzle-orm'
import type { Db, Reader, Tx } from '../../db/db.ts'
import { first } from '../../db/rows.ts'

export const phoneCountryStore = (db: Db) => {
  const { phoneCountries: countries } = db.tables
  const all = db.prepare('phone_countries', {}, (on) =>
    on
      .select({ code: countries.code, countryCode: countries.countryCode, activated: countries.activated })
      .from(countries)
      .orderBy(asc(countries.code)),
  )
  const open = db.prepare('open_phone_countries', {}, (on) =>
    on.selectDistinct({ countryCode: countries.countryCode }).from(countries).where(eq(countries.activated, true)),
  )
  const one = db.prepare('phone_country', { code: countries.code }, (on, { code }) =>
    on.select({ countryCode: countries.countryCode }).from(countries).where(eq(countries.code, code)),
  )

  return {
    all: (on: Reader) => all(on, {}),
    open: (on: Reader) => open(on, {}),
    one: (on: Reader, code: string) => first(one(on, { code })),
    /** Every region of the calling code: a number of one cannot be told from another's. */
    switchCode: (tx: Tx, countryCode: string, activated: boolean, at: Date) =>
      tx
        .update(countries)
        .set({ activated, updatedAt: at })
        .where(eq(countries.countryCode, countryCode))
        .returning({ code: countries.code }),
    add: (tx: Tx, regions: readonly { code: string; callingCode: string }[], at: Date) =>
      tx
        .insert(countries)
        .values(
          regions.map(({ code, callingCode }) => ({
            code,
            countryCode: callingCode,
            activated: false,
            createdAt: at,
            updatedAt: at,
          })),
        )
        .onConflictDoNothing()
        .returning({ code: countries.code }),
  }
}
