# The witness for the tests on Windows itself.
{
  'targets': [
    {
      'target_name': 'witness',
      'sources': ['witness.cc', 'tokens.cc'],
      'defines': ['NAPI_VERSION=9', 'UNICODE', '_UNICODE', 'NOMINMAX', '_WIN32_WINNT=0x0A00'],
      'libraries': ['advapi32.lib'],
      'msvs_settings': {
        'VCCLCompilerTool': {
          'AdditionalOptions!': ['-std:c++17', '-std:c++20'],
          'AdditionalOptions': ['/std:c++20', '/utf-8'],
        },
      },
    },
  ],
}
