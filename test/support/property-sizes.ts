import fc from 'fast-check';

// Without this an array of at most 150 steps has at most 10.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
