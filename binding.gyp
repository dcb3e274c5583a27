{
  'targets': [
    {
      'target_name': 'framepipe',
      'include_dirs': [
        'native',
        '<!(node -p "require(\'node-addon-api\').include_dir")',
      ],
      'defines': [
        'NAPI_VERSION=9',
        'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        'NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
      ],
      'conditions': [
        ['OS=="win"', {
          'sources': ['<!@(node native/sources.js win32)'],
          'defines': [
            'UNICODE',
            '_UNICODE',
            'NOMINMAX',
            'WIN32_LEAN_AND_MEAN',
            '_WIN32_WINNT=0x0A00',
          ],
          'libraries': ['advapi32.lib'],
          'msvs_settings': {
            'VCCLCompilerTool': {
              'WarningLevel': 4,
              'ExceptionHandling': 1,
              'AdditionalOptions!': ['-std:c++17', '-std:c++20'],
              'AdditionalOptions': ['/std:c++20', '/utf-8', '/guard:cf'],
            },
            'VCLinkerTool': {
              'AdditionalOptions': ['/guard:cf'],
            },
          },
        }, {
          'sources': ['<!@(node native/sources.js posix)'],
          # Node's common.gypi names a standard of its own, and which of two wins is luck.
          'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-fno-exceptions'],
          'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti'],
          'cflags': [
            '-Wall',
            '-Wextra',
            '-pedantic',
            '-Wvla',
            '-fvisibility=hidden',
          ],
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
