import type { Accounts, Found } from '../../accounts/accounts/accounts.ts'
import type { ConfirmationKeys } from '../../accounts/confirmation-keys/confirmation-keys.ts'
import type { Audit } from '../../audit/audit.ts'
import type { Db } from '../../db/db.ts'
import { AppError, invalid } from '../../errors.ts'
import { form, type Input, optional, read, text } from '../../http/input.ts'
import type { Limits } from '../../http/limits.ts'
import type { Logging } from '../../logging/logging.ts'
import { securityRecords } from '../../nouns/security-record.ts'
import type { Visit } from '../../nouns/visit.ts'
import type { ContactDetails } from '../../self-service/contact-details/contact-details.ts'

export const Code = form({
  code: optional(text({ max: 64, numbers: true })),
  confirmation_key: optional(text({ max: 64, numbers: true })),
})

const FORMAT = { email: /^[A-Za-z0-9]{13}$/, phone: /^\d{4}$/ } as const

/** Public activation by a key (behaviour/legacy.md §4). Guessing is limited for names that nobody has as well. */
export const activation = (deps: {
  db: Db
  accounts: Accounts
  confirmationKeys: ConfirmationKeys
  contactDetails: ContactDetails
  limits: Limits
  audit: Audit
  log: Logging
}) => {
  const { db, accounts, confirmationKeys, contactDetails, limits, audit, log } = deps
  const record = securityRecords(log)

  const codeOf = (input: Input<typeof Code>, kind: keyof typeof FORMAT): string => {
    const field = input.has('code') || !input.has('confirmation_key') ? 'code' : 'confirmation_key'
    const value = input.values[field]
    if (input.isMissing(field)) input.refuse(field, { id: 'v.required' })
    else if (value !== null && !FORMAT[kind].test(value)) input.refuse(field, { id: 'v.unknown_shape' })
    const { [field]: code } = input.settle()
    if (code === null) throw invalid(field, 'v.required')
    return code
  }

  /** By the code that was sent to a new number, which becomes the account's; every refusal looks the same. */
  const byPhoneCode = (visit: Visit, found: Found, code: string): Promise<Found> =>
    contactDetails.confirmPhoneOf(visit, found, code).catch((error: unknown) => {
      const isGuess =
        error instanceof AppError && (['gone', 'forbidden'].includes(error.code) || error.fields.has('code'))
      throw isGuess ? new AppError('not_found', 'account.unknown') : error
    })

  const attempt = async (visit: Visit, sip: string, kind: keyof typeof FORMAT, code: string): Promise<Found> => {
    const found = await accounts.bySip(visit.space, sip)
    const { account } = found
    const isByNumber = kind === 'phone' && account.phoneChange !== null
    if (isByNumber && !(await confirmationKeys.isPending(db.read, account.id, code))) {
      return byPhoneCode(visit, found, code)
    }
    return db.transaction(async (tx) => {
      await accounts.hold(tx, visit.space, account.id)
      await confirmationKeys.redeem(tx, account.id, code)
      await accounts.markActivated(tx, visit.space, account.id)
      const activated = await accounts.view(tx, visit.space, account.id)
      const changed = { activated: [account.activated, activated.account.activated] } as const
      const detail = { via: 'confirmation_key' }
      await audit.record(tx, 'account.activated', { by: visit, space: visit.space, about: account, changed, detail })
      return activated
    })
  }

  return {
    /**
     * Strangers are counted by the name they guess for, before anything is compared: of a hundred at once five are
     * looked at, and none of them wears out the code that its owner may still type.
     */
    activate: async (visit: Visit, sip: string, kind: keyof typeof FORMAT): Promise<Found> => {
      const code = codeOf(read(Code, visit.input), kind)
      const guessed = `${visit.space.id}:${sip.toLowerCase()}`
      await limits.confirmations.consume(guessed)
      const isGuess = (error: unknown) => error instanceof AppError && error.code === 'not_found'
      try {
        const found = await attempt(visit, sip, kind, code)
        await limits.confirmations.giveBack(guessed)
        return found
      } catch (error) {
        if (!isGuess(error)) await limits.confirmations.giveBack(guessed)
        // What was typed need not be anybody's address.
        else record('auth.code.fail', visit, null, { account: sip, kind })
        throw error
      }
    },
  }
}

export type Activation = ReturnType<typeof activation>
