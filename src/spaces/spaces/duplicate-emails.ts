import type { Config } from '../../config/config.ts'
import type { Db } from '../../db/db.ts'
import { type DuplicateEmail, duplicateEmailsStore } from './duplicate-emails-store.ts'

/**
 * Addresses of several accounts in Spaces where addresses are unique; the first twenty. They are from a time when case
 * made a difference, or older than `ACCOUNT_EMAIL_UNIQUE`. They stay as they are until somebody changes them.
 */
export const duplicateEmails = (config: Config, db: Db): Promise<DuplicateEmail[]> =>
  duplicateEmailsStore(db).everywhere(db.read, { inAll: config.ACCOUNT_EMAIL_UNIQUE })

/** For a terminal. */
export const duplicateSentence = ({ domain, email, accounts }: DuplicateEmail): string =>
  `In ${domain}, where e-mail addresses are unique, ${email} belongs to ${accounts.join(', ')}.`
