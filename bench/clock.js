/** Nanoseconds of a clock that all processes of this machine share. */
export const nanoseconds = () => Number(process.hrtime.bigint());
