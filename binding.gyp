{
  'targets': [
    {
      'target_name': 'framepipe',
      'include_dirs': [
        'native',
        '<!(node -p "require(\'node-addon-api\').include_dir")',
      ],
      'defines': ['<!@(node native/flags.js napi)'],
      'conditions': [
        ['OS=="win"', {
          'sources': ['<!@(node native/sources.js win32)', 'native/win32/version.rc'],
          'defines': ['<!@(node native/flags.js win32)', '<!@(node native/version.js)'],
          'libraries': ['advapi32.lib'],
          'msvs_settings': {
            'VCCLCompilerTool': {
              'WarningLevel': 4,
              'ExceptionHandling': 1,
              'AdditionalOptions!': ['-std:c++17', '-std:c++20'],
              'AdditionalOptions': ['<!@(node native/flags.js msvc)', '/guard:cf'],
            },
            'VCLinkerTool': {
              'AdditionalOptions': ['/guard:cf'],
            },
          },
        }, {
          'sources': ['<!@(node native/sources.js posix)'],
          # Node's common.gypi names a standard of its own, and which of two wins is luck.
          'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-exceptions'],
          'cflags_cc': ['<!@(node native/flags.js std lean)'],
          'cflags': ['<!@(node native/flags.js warnings)', '-fvisibility=hidden'],
          # build/Sanitize: the same addon under ASan and UBSan (make -C build BUILDTYPE=Sanitize).
          'configurations': {
            'Sanitize': {
              'inherit_from': ['Release'],
              'cflags': [
                '-O1',
                '-g',
                '-fsanitize=address,undefined',
                '-fno-sanitize-recover=undefined',
                '-fno-omit-frame-pointer',
              ],
              'ldflags': ['-fsanitize=address,undefined'],
            },
          },
        }],
      ],
    },
  ],
}
