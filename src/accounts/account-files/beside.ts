import type { Reader, Tx } from '../../db/db.ts'
import type { Space } from '../../nouns/space.ts'
import type { Addressed } from '../../protocols/sip-address.ts'
import type { ReadLine, StagedLine } from './checking.ts'

// What lies beside accounts and above them here: `services.ts` hands it in.

/** Lines at carriers, as far as a file speaks of them. */
export interface Lines {
  read: ReadLine
  taken(on: Reader, names: readonly Addressed[]): Promise<ReadonlySet<string>>
  insert(tx: Tx, rows: readonly (StagedLine & { readonly accountId: number })[]): Promise<boolean>
  ofAll(on: Reader, accountIds: readonly number[]): Promise<ReadonlyMap<number, StagedLine>>
}

/** Contacts lists, by their titles. */
export interface Lists {
  titles(on: Reader, space: Space): Promise<ReadonlyMap<string, number>>
  titlesOf(on: Reader, accountIds: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>>
  attachAll(tx: Tx, rows: readonly { readonly accountId: number; readonly contactsListId: number }[]): Promise<void>
}
