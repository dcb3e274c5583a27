# The witness for the tests on Windows itself.
{
  'targets': [
    {
      'target_name': 'witness',
      'sources': ['witness.cc', 'tokens.cc'],
      'defines': ['<!@(node ../../../native/flags.js napi win32)'],
      'libraries': ['advapi32.lib'],
      'msvs_settings': {
        'VCCLCompilerTool': {
          'AdditionalOptions!': ['-std:c++17', '-std:c++20'],
          'AdditionalOptions': ['<!@(node ../../../native/flags.js msvc)'],
        },
      },
    },
  ],
}
