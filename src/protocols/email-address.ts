/**
 * The form in which e-mail addresses are compared: ASCII letters in lower case. Other letters stay as they are, because
 * SQLite and PostgreSQL agree on no more than that (`Db.folded`).
 */
export const foldedEmail = (address: string): string => address.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** Addresses are stored as typed, and compared without case. */
export const isSameEmail = (one: string | null, other: string | null): boolean =>
  one === other || (one !== null && other !== null && foldedEmail(one) === foldedEmail(other))
