type Facts = Readonly<Record<string, unknown>>

/** What nobody changes on purpose. */
const BY_ITSELF = ['id', 'created_at', 'updated_at']

/** What something was and is, as clients see it; null: it was not, or is not, there. For `changed` of a change. */
export const differences = (before: Facts | null, after: Facts | null) =>
  Object.fromEntries(
    Object.keys(after ?? before ?? {})
      .filter((name) => !BY_ITSELF.includes(name))
      .map((name) => [name, [before?.[name] ?? null, after?.[name] ?? null] as const]),
  )
