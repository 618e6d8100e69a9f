import { outageOf } from './outage.ts'

/** Whether writing works, as far as this process has tried. Only `/up` asks, and only a failure makes it try again. */
export const writeHealth = (probe: () => Promise<void>) => {
  let isFailing = false
  let probing: Promise<void> | null = null
  return {
    /** A transaction has failed, for whatever reason. */
    failed: (error: unknown): void => {
      if (outageOf(error) !== null) isFailing = true
    },
    /** Rejects while writes fail. Those who ask at the same time share one attempt. */
    check: async (): Promise<void> => {
      if (!isFailing) return
      probing ??= probe()
        .then(() => {
          isFailing = false
        })
        .finally(() => {
          probing = null
        })
      await probing
    },
  }
}
