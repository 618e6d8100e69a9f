/** Why nothing can be moved at all: a sentence for the operator. */
export type MovingFailureKind =
  /** It does not answer. */
  | 'away'
  /** It refuses who asks, or is not what was expected. */
  | 'refused'
  /** It changed while it was read. */
  | 'changed'

export class MovingFailure extends Error {
  override readonly name = 'MovingFailure'
  readonly kind: MovingFailureKind
  constructor(kind: MovingFailureKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}
