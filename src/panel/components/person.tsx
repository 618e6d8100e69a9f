import type { VNode } from 'preact'

/** Somebody by address, with the name that the reader knows them by before it; null: they know none. */
export const Person = ({ name, address }: { name: string | null; address: string }): VNode =>
  name === null ? (
    <span class="id">{address}</span>
  ) : (
    <>
      {name} <span class="id muted small-text">{address}</span>
    </>
  )

/** The same where there is nothing but text. */
export const personText = ({ name, address }: { name: string | null; address: string }): string =>
  name === null ? address : `${name} (${address})`
