/** A turn of the loop: whoever waits for something else has it. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
