export const packageInWine = async () => ({});
