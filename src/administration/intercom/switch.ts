import { AppError } from '../../errors.ts'
import type { Space } from '../../nouns/space.ts'

/** What intercoms need is there only where the Space says so (behaviour/panel.md §7.6). */
export const refuseWithoutIntercoms = ({ intercomFeatures }: Pick<Space, 'intercomFeatures'>): void => {
  if (!intercomFeatures) throw new AppError('not_found', 'errors.not_found')
}
