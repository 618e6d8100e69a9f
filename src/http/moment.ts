/** `2026-01-20T09:30:00.000000Z`: the form that clients of the reference parse. */
export const isoMoment = (moment: Date): string => moment.toISOString().replace('Z', '000Z')

export const isoMomentOrNull = (moment: Date | null): string | null => (moment === null ? null : isoMoment(moment))
